//! Values on the command line.

use std::io::Read as _;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use strum::{IntoEnumIterator as _, VariantNames as _};

use crate::app::App;
use crate::reservation::{Logo, LogoError, Metadata, MetadataError, Tenant, TenantName};
use crate::signing::{Algorithm, PublicKey, PublicKeyError};
use crate::store::{StoreError, tenants};

/// The longest time that can be set, in days.
const LONGEST: i64 = 3660;

/// What a value on the command line can be refused for.
#[derive(Debug, thiserror::Error)]
pub(super) enum ValueError {
    #[error(
        "write a date and a time with its offset from UTC, such as 2026-12-01T09:00:00+01:00 or 2026-12-01T08:00:00Z"
    )]
    Time,
    #[error("write a length such as 90s, 10m or 2h, {LONGEST} days at the most")]
    Length,
    #[error("{0} (or write `none`)")]
    NoneOr(Box<dyn std::error::Error + Send + Sync>),
    #[error("write a number from 1 to 1000000")]
    Count,
    #[error("a name has 1 to 100 characters, and no control characters")]
    Name,
    #[error("this is not an IANA time zone such as Europe/Berlin")]
    TimeZone,
    #[error("write one of {}", Algorithm::VARIANTS.join(", "))]
    Algorithm,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// A moment: RFC 3339 with its offset, in whole milliseconds. Without an offset nobody could say
/// which moment was meant.
pub(super) fn time(text: &str) -> Result<DateTime<Utc>, ValueError> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| ValueError::Time)?;
    DateTime::from_timestamp_millis(time.timestamp_millis()).ok_or(ValueError::Time)
}

/// A length of time in whole seconds.
pub(super) fn length(text: &str) -> Result<TimeDelta, ValueError> {
    let length = humantime::parse_duration(text).map_err(|_| ValueError::Length)?;
    let length = TimeDelta::from_std(length).map_err(|_| ValueError::Length)?;
    if length > TimeDelta::days(LONGEST) || length.subsec_nanos() != 0 {
        return Err(ValueError::Length);
    }
    Ok(length)
}

/// A length of time that is not nothing.
pub(super) fn positive_length(text: &str) -> Result<TimeDelta, ValueError> {
    length(text)
        .and_then(|length| if length > TimeDelta::zero() { Ok(length) } else { Err(ValueError::Length) })
}

/// A time zone by its IANA name.
pub(super) fn time_zone(text: &str) -> Result<chrono_tz::Tz, ValueError> {
    text.parse().map_err(|_| ValueError::TimeZone)
}

/// What operators call a server or an app: 1 to 100 characters, no controls.
pub(super) fn name(text: &str) -> Result<String, ValueError> {
    let length = text.chars().count();
    if (1..=100).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(ValueError::Name)
    }
}

/// What something is signed with, in capitals or not.
pub(super) fn algorithm(text: &str) -> Result<Algorithm, ValueError> {
    Algorithm::iter().find(|known| known.as_str().eq_ignore_ascii_case(text)).ok_or(ValueError::Algorithm)
}

/// Why a file has no public key for us.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublicKeyFileError {
    #[error(transparent)]
    Read(#[from] std::io::Error),
    #[error(transparent)]
    Key(#[from] PublicKeyError),
}

/// A public key from a file; read while the command line is parsed, when a process of root's still is root's.
pub(super) fn public_key_file(path: &str) -> Result<PublicKey, PublicKeyFileError> {
    Ok(std::fs::read_to_string(path)?.parse()?)
}

/// Why a file has no logo for us.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogoFileError {
    #[error(transparent)]
    Read(#[from] std::io::Error),
    #[error(transparent)]
    Logo(#[from] LogoError),
}

/// A logo from a file; read while the command line is parsed, like a key.
pub(super) fn logo_file(path: &str) -> Result<Logo, LogoFileError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(Logo::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Logo::new(bytes)?)
}

/// A value, or `none` to take it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Maybe<T>(pub Option<T>);

impl<T> Maybe<T> {
    /// Reads `none`, or a value with `parse`.
    pub fn or<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Self, ValueError> {
        match text {
            "none" => Ok(Self(None)),
            text => {
                parse(text).map(|value| Self(Some(value))).map_err(|error| ValueError::NoneOr(error.into()))
            }
        }
    }
}

/// A count, 1 to 1 000 000.
pub(super) fn count(text: &str) -> Result<u32, ValueError> {
    text.parse().ok().filter(|count| (1..=1_000_000).contains(count)).ok_or(ValueError::Count)
}

/// What is kept with an appointment: a JSON object.
pub(super) fn metadata(text: &str) -> Result<Metadata, ValueError> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    Ok(Metadata::try_from(value)?)
}

/// Why no tenant was found.
#[derive(Debug, thiserror::Error)]
pub(super) enum TenantError {
    #[error("there is no tenant `{0}`")]
    Unknown(TenantName),
    #[error("there is no tenant yet; add one with `frontdesk tenant add`")]
    None,
    #[error("there are several tenants; say which one with --tenant")]
    Several,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The tenant of that name; the only one, where none is named.
pub(super) async fn tenant(app: &App, name: Option<TenantName>) -> Result<Tenant, TenantError> {
    let mut db = app.db.acquire().await.map_err(StoreError::from)?;
    tenant_among(&mut db, name).await
}

async fn tenant_among(db: &mut PgConnection, name: Option<TenantName>) -> Result<Tenant, TenantError> {
    if let Some(name) = name {
        return tenants::by_name(db, &name).await?.ok_or(TenantError::Unknown(name));
    }
    let mut all = tenants::list(db).await?;
    match (all.pop(), all.is_empty()) {
        (None, _) => Err(TenantError::None),
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(TenantError::Several),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_refused() {
        assert!(time("2026-12-01T09:00:00").is_err());
        assert!(time("2026-12-01").is_err());
        assert_eq!(time("2026-12-01T09:00:00+01:00").unwrap(), time("2026-12-01T08:00:00Z").unwrap());
    }

    #[test]
    fn a_length_has_a_unit_and_whole_seconds() {
        assert_eq!(length("10m").unwrap(), TimeDelta::minutes(10));
        assert_eq!(length("0s").unwrap(), TimeDelta::zero());
        for text in ["10", "1ms", "-5m", "", "11years"] {
            assert!(length(text).is_err(), "{text}");
        }
        assert!(positive_length("0s").is_err());
    }
}
