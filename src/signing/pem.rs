//! PEM (RFC 7468), as we write it: so two keys that are the same look the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The bytes as a block of that label, such as `PUBLIC KEY`.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(STANDARD.encode(der));
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (place, letter) in (1..).zip(text.chars()) {
        pem.push(letter);
        if place % 64 == 0 && place != text.len() {
            pem.push('\n');
        }
    }
    pem + "\n-----END " + label + "-----\n"
}
