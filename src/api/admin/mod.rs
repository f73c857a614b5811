//! What administrators do: tenants, conference servers, apps. All of it takes the scope `admin`, which reaches across
//! tenants.

pub(super) mod apps;
pub(super) mod brand;
pub(super) mod dialects;
mod errors;
pub(super) mod servers;
pub(super) mod signing_keys;
mod tenant_input;
pub(super) mod tenant_removal;
pub(super) mod tenants;
pub(super) mod token_settings;

use serde::Deserialize;
use utoipa::IntoParams;

use super::body::ReadQuery;
use super::field::{Field, Reading, Unknown};
use super::page::{After, Limit, Paging};
use super::problem::Problem;
use crate::reservation::TenantName;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfTenantQuery {
    /// Only of this tenant.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]{0,62}$")]
    tenant: Field<TenantName>,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Field<After>,
    /// How many at the most; 50, where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Field<Limit>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// A list, perhaps of one tenant.
#[derive(Debug)]
pub struct OfTenant {
    tenant: Option<TenantName>,
    paging: Paging,
}

impl ReadQuery for OfTenant {
    type Raw = OfTenantQuery;

    fn read(raw: OfTenantQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let tenant = reading.present("tenant", raw.tenant);
        let paging = Paging::of(&mut reading, raw.cursor, raw.limit);
        Ok(reading.done(Some(Self { tenant, paging }))?)
    }
}
