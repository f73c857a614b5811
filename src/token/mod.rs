//! Room tokens: what stands in them, for whom they are good and until when, and what each verifier makes of that.
//!
//! Pure: the time is handed in. Not in here: keys and signatures (`signing`), and which appointment a token is for
//! (`actions::mint`).

mod check;
mod claims;
mod custom;
mod dialect;
mod flaw;
#[cfg(test)]
mod foreign;
mod objections;
mod pattern;
mod person;
mod role;
mod settings;
mod validity;

pub use self::check::{Expected, check, expiry, made_at, token_id};
pub use self::claims::{Entry, Note, Reference, Rooms, claims};
pub(crate) use self::custom::depth;
pub use self::custom::{CustomClaims, CustomClaimsError};
pub use self::dialect::{DialectClaims, ProconfRole};
pub use self::flaw::{Flaw, FlawCode};
pub use self::objections::{Seen, Signature, Verdict, verdicts};
pub use self::pattern::{LuaPattern, LuaPatternError};
pub use self::person::{Avatar, AvatarError, Group, Person, UserId};
pub use self::role::{Feature, FeatureError, Features, Privileges, Roles};
pub use self::settings::{Audience, SettingsError, Subject, TokenSettings, VerifierKind};
pub use self::validity::{LONGEST, Until, Validity, ValidityError};
