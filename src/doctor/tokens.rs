//! Whether people get in by links and tokens, and only where they are meant to.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::finding::{Check, Findings};
use crate::reservation::{SigningKeyId, Tenant, TenantName};
use crate::store::{StoreError, signers};
use crate::token::{Subject, TokenSettings};

/// Looks at what each tenant's tokens are made with.
///
/// # Errors
/// Where the database fails.
pub async fn examine(
    db: &mut PgConnection,
    tenants: &[Tenant],
    found: &mut Findings<'_>,
) -> Result<(), StoreError> {
    let mut ready = 0;
    let mut same: BTreeMap<(Subject, SigningKeyId), Vec<&Tenant>> = BTreeMap::new();
    for tenant in tenants.iter().filter(|tenant| tenant.disabled_at.is_none()) {
        let Some(signer) = signers::of_tenant(db, tenant.id).await? else { continue };
        let name = &tenant.name;
        if signer.meeting_url.is_none() {
            found.skipped(
                Check::JoinLinks,
                format!("the tenant `{name}` has no meeting URL; needed to send people to its rooms"),
            );
            continue;
        }
        let Some(key) = &signer.key else {
            no_key(Check::JoinLinks, name, &signer.settings, "nobody gets in by a join link", found);
            continue;
        };
        ready += 1;
        if let Some(subject) = signer.settings.subject(signer.meeting_url.as_ref()) {
            same.entry((subject, key.id)).or_default().push(tenant);
        }
    }
    if ready > 0 {
        found.ok(Check::JoinLinks, format!("tenants whose join links lead into their rooms: {ready}"));
    }
    for ((subject, _), tenants) in same.iter().filter(|(_, tenants)| tenants.len() > 1) {
        let names: Vec<_> = tenants.iter().map(|tenant| format!("`{}`", tenant.name)).collect();
        found.warn(
            Check::TokenSubjects,
            format!(
                "the tokens of {} have the same key and the same `sub`, {}: each opens the rooms of the others",
                names.join(", "),
                subject.as_str()
            ),
            "give each a meeting URL that ends in its own name, or a key of its own with `frontdesk keys make --tenant NAME`",
        );
    }
    Ok(())
}

/// No key signs for the tenant.
pub(super) fn no_key(
    check: Check,
    tenant: &TenantName,
    settings: &TokenSettings,
    so: &str,
    found: &mut Findings<'_>,
) {
    let algorithm = settings.algorithm;
    // The service makes its own as it starts, which takes a moment.
    if algorithm == TokenSettings::default().algorithm {
        return found.skipped(check, format!("the service has made no key for {algorithm} yet"));
    }
    found.warn(
        check,
        format!("no key signs {algorithm} for the tenant `{tenant}`: {so}"),
        format!("`frontdesk keys make --tenant {tenant} --algorithm {algorithm}`"),
    );
}
