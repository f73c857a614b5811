//! Who of those that are to be expected was expected before. They keep their id, and with it the links that were sent to them.
//!
//! So nobody may be taken for somebody else: their link would let others in, and as what they are.

use std::iter;

use super::Expected;
use crate::reservation::{Participant, ParticipantId};

/// Nobody of that id is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody with the id `{id}` is expected at this appointment")]
pub struct UnknownParticipant {
    /// The id.
    pub id: ParticipantId,
    /// Who, counted from 0.
    pub place: usize,
}

/// Everybody with the id that they had. Who names none is known by the first of external id, e-mail address and name that they
/// had and have; by a name only who had neither of the others. Of several, who has the same name and role, or else the same name,
/// is the same. Where that tells nothing either, they are new, each with an id of their own.
///
/// # Errors
/// Where there is nobody of such an id.
pub(super) fn known_again(
    before: &[Participant],
    everybody: Vec<Expected>,
) -> Result<Vec<Participant>, UnknownParticipant> {
    let mut left: Vec<&Participant> = before.iter().collect();
    let mut ids = vec![None; everybody.len()];
    for (place, expected) in everybody.iter().enumerate() {
        if let Some(id) = expected.id {
            let named = left.iter().position(|one| one.id == id);
            ids[place] = Some(left.remove(named.ok_or(UnknownParticipant { id, place })?).id);
        }
    }
    for mark in Mark::ALL {
        let same = |expected: &Expected, one: &Participant| mark_in_common(expected, one) == Some(mark);
        let alike: [fn(&Expected, &Participant) -> bool; 2] = [
            |expected, one| expected.name == one.name && expected.role == one.role,
            |expected, one| expected.name == one.name,
        ];
        for alike in alike {
            for (expected, id) in iter::zip(&everybody, &mut ids).filter(|(_, id)| id.is_none()) {
                let known = left.iter().position(|one| same(expected, one) && alike(expected, one));
                *id = known.map(|known| left.remove(known).id);
            }
        }
        for place in 0..everybody.len() {
            let mut meant = left.iter().filter(|one| ids[place].is_none() && same(&everybody[place], one));
            let (Some(&one), None) = (meant.next(), meant.next()) else { continue };
            let of_others =
                iter::zip(&everybody, &ids).filter(|(other, id)| id.is_none() && same(other, one));
            if of_others.count() == 1 {
                ids[place] = Some(one.id);
                left.retain(|other| other.id != one.id);
            }
        }
    }
    let known = iter::zip(everybody, ids).map(|(expected, id)| {
        let Expected { id: _, role, name, email, external_id } = expected;
        Participant { id: id.unwrap_or_default(), role, name, email, external_id }
    });
    Ok(known.collect())
}

/// What people are known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    ExternalId,
    Email,
    Name,
}

impl Mark {
    /// The surest first.
    const ALL: [Self; 3] = [Self::ExternalId, Self::Email, Self::Name];
}

/// The first mark that both have, where it is the same.
fn mark_in_common(expected: &Expected, one: &Participant) -> Option<Mark> {
    if let (Some(wanted), Some(had)) = (&expected.external_id, &one.external_id) {
        return (wanted == had).then_some(Mark::ExternalId);
    }
    if let (Some(wanted), Some(had)) = (&expected.email, &one.email) {
        return (wanted == had).then_some(Mark::Email);
    }
    let has_name_only = one.external_id.is_none() && one.email.is_none() && one.name.is_some();
    (has_name_only && expected.name == one.name).then_some(Mark::Name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservation::Role;

    /// `role name email external_id`, where `-` is nothing.
    fn expected(text: &str) -> Expected {
        let parts: Vec<Option<&str>> =
            text.split(' ').map(|part| Some(part).filter(|part| *part != "-")).collect();
        let [Some(role), name, email, external_id] = parts[..] else { panic!("{text}") };
        Expected {
            id: None,
            role: role.parse::<Role>().unwrap(),
            name: name.map(|name| name.parse().unwrap()),
            email: email.map(|email| email.parse().unwrap()),
            external_id: external_id.map(|id| id.parse().unwrap()),
        }
    }

    /// Who those after the change were before, by their places; `None` for who is new.
    fn known(before: &[&str], after: &[&str]) -> Result<Vec<Option<usize>>, UnknownParticipant> {
        let before: Vec<Participant> = before.iter().map(|one| expected(one).anew()).collect();
        let after = known_again(&before, after.iter().map(|one| expected(one)).collect())?;
        Ok(after.iter().map(|one| before.iter().position(|other| other.id == one.id)).collect())
    }

    #[test]
    fn the_first_mark_that_both_have_decides() {
        for (before, after) in [
            ("host Ada a@x.de 1", "participant Bo b@x.de 1"),
            ("host Ada a@x.de -", "host Ada a@x.de 1"),
            ("host Ada a@x.de 1", "host Eve a@x.de -"),
            ("host Ada - -", "host Ada a@x.de 1"),
        ] {
            assert_eq!(known(&[before], &[after]), Ok(vec![Some(0)]), "{before} -> {after}");
        }
        for (before, after) in [
            ("host Ada a@x.de 1", "host Ada a@x.de 2"),
            ("host Ada a@x.de -", "host Ada b@x.de -"),
            ("host Ada - -", "host Bo - -"),
            ("host - a@x.de -", "host Ada - 1"),
            ("host Ada a@x.de -", "host Ada - -"),
            ("host Ada - 1", "host Ada a@x.de -"),
        ] {
            assert_eq!(known(&[before], &[after]), Ok(vec![None]), "{before} -> {after}");
        }
    }

    #[test]
    fn nobody_is_taken_for_who_shares_their_address() {
        let office = ["participant Patient o@x.de -", "host Ada o@x.de -"];
        assert_eq!(known(&office, &[office[1], office[0]]), Ok(vec![Some(1), Some(0)]));
        let family = ["participant Mum m@x.de -", "participant Child m@x.de -"];
        assert_eq!(known(&family, &family[1..]), Ok(vec![Some(1)]));
        assert_eq!(known(&family, &["host Child m@x.de -", "host Mum m@x.de -"]), Ok(vec![Some(1), Some(0)]));
        assert_eq!(known(&family, &["participant Kid m@x.de -", family[0]]), Ok(vec![Some(1), Some(0)]));
        let grown = ["participant Baby m@x.de -", family[1], family[0]];
        assert_eq!(known(&family, &grown), Ok(vec![None, Some(1), Some(0)]));
    }

    #[test]
    fn who_could_be_several_is_new() {
        let family = ["participant Mum m@x.de -", "participant Child m@x.de -"];
        assert_eq!(known(&family, &["participant Dad m@x.de -"]), Ok(vec![None]), "one of two");
        let both = ["participant Dad m@x.de -", "participant Kid m@x.de -"];
        assert_eq!(known(&family[..1], &both), Ok(vec![None, None]), "two are one");
        let [mum, child] = family.map(|one| expected(one).anew());
        let after = Expected { id: Some(child.id), ..expected("participant Dad m@x.de -") };
        let after = known_again(&[mum, child.clone()], vec![after]).unwrap();
        assert_eq!(after[0].id, child.id);
    }

    #[test]
    fn an_id_that_is_not_there_is_told() {
        let unknown = Expected { id: Some(ParticipantId::new()), ..expected("host Ada - -") };
        let id = unknown.id.unwrap();
        let before = [expected("host Ada - -").anew()];
        assert_eq!(known_again(&before, vec![unknown]), Err(UnknownParticipant { id, place: 0 }));
    }
}
