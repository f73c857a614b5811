//! Names for rooms that nobody wants to name.

use crate::credential::NoRandomness;
use crate::reservation::RoomName;

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

/// A new name: five words of five letters, such as `lusab-babad-gutih-tugad-mudof`, 80 bits. Nobody guesses it,
/// and it can be read aloud.
///
/// Source: D. S. Wilkerson, "A Proposal for Proquints: Identifiers that are Readable, Spellable, and Pronounceable".
///
/// # Errors
/// Where the operating system has no random numbers.
pub fn generate() -> Result<RoomName, NoRandomness> {
    let mut bits = [0; 10];
    getrandom::fill(&mut bits)?;
    let words: Vec<String> =
        bits.chunks(2).map(|pair| word(u16::from_be_bytes([pair[0], pair[1]]))).collect();
    Ok(words.join("-").parse().expect("letters and hyphens are a room's name"))
}

/// Sixteen bits as a word: consonant, vowel, consonant, vowel, consonant.
fn word(bits: u16) -> String {
    let consonant = |shift: u16| char::from(CONSONANTS[usize::from(bits >> shift & 0xf)]);
    let vowel = |shift: u16| char::from(VOWELS[usize::from(bits >> shift & 0x3)]);
    [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_proposal() {
        // Source: the proposal's own examples, 127.0.0.1 and 63.84.220.193.
        assert_eq!([word(0x7f00), word(0x0001)].join("-"), "lusab-babad");
        assert_eq!([word(0x3f54), word(0xdcc1)].join("-"), "gutih-tugad");
    }

    #[test]
    fn two_names_are_not_the_same() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str(), one.key().as_str());
    }
}
