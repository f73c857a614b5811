//! What each verifier would say to a token: for whoever looks for the reason why somebody could not get in.
//!
//! It is told of any token that can be taken apart, whoever signed it. Not in here: whether it is good for Frontdesk
//! (`check`).

mod jaas;
mod jitsi;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Subject, TokenSettings, VerifierKind};
use crate::reservation::RoomKey;
use crate::signing::Claims;

/// What is known of a token's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// It is of the key that the token names.
    Good,
    /// It is not, or of another algorithm than the key.
    Bad,
    /// The key was withdrawn.
    Withdrawn,
    /// The key is not known here.
    Unknown,
}

/// A token as it is seen, and where it is to be used.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its header.
    pub header: &'a Claims,
    /// What it says.
    pub claims: &'a Claims,
    /// What is known of its signature.
    pub signature: Signature,
    /// What the tenant's tokens are like: a verifier is taken to be set up for these.
    pub settings: &'a TokenSettings,
    /// Whose rooms the tenant's are, if that is known.
    pub subject: Option<&'a Subject>,
    /// Whether the tenant's tokens may also be for `*`, as ProCONF's are: a Jitsi is taken to be set up for these, too.
    pub any_audience: bool,
    /// The room that is to be entered; `None` for whatever room it is for.
    pub room: Option<&'a RoomKey>,
}

/// What a verifier says to a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The verifier.
    pub verifier: VerifierKind,
    /// Why it refuses the token; it takes it where there are none. For people.
    pub objections: Vec<String>,
    /// What it makes of the token that may not be what was meant. For people.
    pub remarks: Vec<String>,
}

impl Verdict {
    fn of(verifier: VerifierKind) -> Self {
        Self { verifier, objections: Vec::new(), remarks: Vec::new() }
    }

    /// It refuses the token, if that is so.
    fn objects(&mut self, so: bool, why: impl Into<String>) {
        if so {
            self.objections.push(why.into());
        }
    }

    /// Something should be known, if that is so.
    fn remarks(&mut self, so: bool, what: impl Into<String>) {
        if so {
            self.remarks.push(what.into());
        }
    }
}

/// What those say whose rules are known.
#[must_use]
pub fn verdicts(seen: &Seen<'_>, now: DateTime<Utc>) -> Vec<Verdict> {
    vec![jitsi::verdict(seen, now), jaas::verdict(seen, now)]
}

/// What all of them say of the header, the signature and the times. None of them has a leeway.
fn common(seen: &Seen<'_>, now: DateTime<Utc>, verdict: &mut Verdict) {
    let typ = seen.header.get("typ");
    verdict.objects(typ.is_none_or(|typ| typ != "JWT"), "`typ` in the header has to be `JWT`, exactly");
    verdict.objects(seen.signature == Signature::Bad, "its signature is not one of the key that `kid` names");
    verdict.remarks(
        seen.signature == Signature::Unknown,
        "its key is not known here, so nothing can be said of its signature",
    );
    verdict.remarks(
        seen.signature == Signature::Withdrawn,
        "its key is withdrawn; a verifier that has asked for it before may know it still",
    );
    let time = |name| seen.claims.get(name).filter(|value| !value.is_boolean());
    let (exp, nbf) = (time("exp"), time("nbf"));
    for (name, value) in [("exp", exp), ("nbf", nbf)] {
        verdict.objects(
            value.is_some_and(|value| !value.is_number()),
            format!("`{name}` has to be a number of seconds, not a string"),
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "as Lua compares them")]
    let now = now.timestamp() as f64;
    verdict.objects(exp.and_then(Value::as_f64).is_some_and(|exp| now >= exp), "it has expired (`exp`)");
    verdict.objects(
        nbf.and_then(Value::as_f64).is_some_and(|nbf| now < nbf),
        "it is not good yet (`nbf`), and there is no leeway",
    );
}

/// Whether it is a text of at least one character.
fn is_text(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}
