//! Tenants.

use serde::Serialize;

use super::{seconds, time};
use crate::actions::remove_tenant::Removed;
use crate::reservation::wording::Language;
use crate::reservation::{Moderators, Tenant, TenantId, WhenLiveElsewhere};
use crate::store::removal::Counts;

/// A tenant with its policy.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Tenant)]
pub struct TenantView {
    #[schema(value_type = uuid::Uuid)]
    id: TenantId,
    name: String,
    #[schema(value_type = String)]
    language: Language,
    time_zone: &'static str,
    #[schema(format = "uri")]
    meeting_url: Option<String>,
    early_open_seconds: i64,
    grace_seconds: i64,
    max_duration_seconds: Option<i64>,
    max_occupants: Option<u32>,
    /// Whether the answer to a conference server carries a room token, where the appointment doesn't say.
    answer_token: bool,
    #[schema(value_type = String)]
    moderators: Moderators,
    #[schema(value_type = String)]
    when_live_elsewhere: WhenLiveElsewhere,
    unscheduled: &'static str,
    unscheduled_pattern: Option<String>,
    unscheduled_duration_seconds: i64,
    unscheduled_lobby: bool,
    unscheduled_max_occupants: Option<u32>,
    capacity: Option<u32>,
    horizon_days: i64,
    revision: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    disabled_at: Option<String>,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        let policy = &tenant.policy;
        let unscheduled = &policy.unscheduled;
        Self {
            id: tenant.id,
            name: tenant.name.to_string(),
            language: policy.language,
            time_zone: policy.time_zone.name(),
            meeting_url: policy.meeting_url.as_ref().map(ToString::to_string),
            early_open_seconds: seconds(policy.early_open),
            grace_seconds: seconds(policy.grace),
            max_duration_seconds: policy.max_duration.map(seconds),
            max_occupants: policy.max_occupants,
            answer_token: policy.answer_token,
            moderators: policy.moderators,
            when_live_elsewhere: policy.when_live_elsewhere,
            unscheduled: if unscheduled.allow { "allow" } else { "refuse" },
            unscheduled_pattern: unscheduled.pattern.as_ref().map(|pattern| pattern.as_str().to_owned()),
            unscheduled_duration_seconds: seconds(unscheduled.duration),
            unscheduled_lobby: unscheduled.lobby,
            unscheduled_max_occupants: unscheduled.max_occupants,
            capacity: policy.capacity,
            horizon_days: policy.horizon.num_days(),
            revision: tenant.revision,
            created_at: time(tenant.created_at),
            disabled_at: tenant.disabled_at.map(time),
        }
    }
}

/// What is gone with a tenant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RemovedTenant)]
pub struct RemovedView {
    #[schema(value_type = uuid::Uuid)]
    id: TenantId,
    name: String,
    #[serde(flatten)]
    removed: Counts,
}

impl From<&Removed> for RemovedView {
    fn from(removed: &Removed) -> Self {
        Self { id: removed.tenant.id, name: removed.tenant.name.to_string(), removed: removed.counts }
    }
}
