//! Whether tenants whose apps speak another system's language can answer in it.

use sqlx::PgConnection;

use super::finding::{Check, Findings};
use super::tokens::no_key;
use crate::reservation::{Dialect, Dialects, Tenant};
use crate::store::signers::{self, Signer};
use crate::store::{StoreError, dialects};

/// Looks at what each such tenant's answers are made with.
///
/// # Errors
/// Where the database fails.
pub async fn examine(
    db: &mut PgConnection,
    tenants: &[Tenant],
    has_public_url: bool,
    found: &mut Findings<'_>,
) -> Result<(), StoreError> {
    let mut ready = 0;
    for tenant in tenants.iter().filter(|tenant| tenant.disabled_at.is_none()) {
        let dialects = dialects::get(db, tenant.id).await?;
        let Some(signer) = signers::of_tenant(db, tenant.id).await? else { continue };
        if !dialects.spoken.is_empty() && can_answer(tenant, &dialects, &signer, has_public_url, found) {
            ready += 1;
        }
    }
    if ready > 0 {
        found.ok(
            Check::Dialects,
            format!("tenants that can answer in the languages of other systems: {ready}"),
        );
    }
    Ok(())
}

fn can_answer(
    tenant: &Tenant,
    dialects: &Dialects,
    signer: &Signer,
    has_public_url: bool,
    found: &mut Findings<'_>,
) -> bool {
    let name = &tenant.name;
    let titles: Vec<_> = dialects.spoken.iter().map(|dialect| dialect.title()).collect();
    let titles = titles.join(", ");
    let missing = without_meeting_url(dialects, signer);
    if let Some(so) = missing {
        found.warn(
            Check::Dialects,
            format!("the tenant `{name}`, whose apps speak {titles}, has no meeting URL: {so}"),
            format!("`frontdesk tenant set {name} --meeting-url URL`"),
        );
    }
    if signer.key.is_none() {
        let so = format!("no token opens a room of its apps, which speak {titles}");
        no_key(Check::Dialects, name, &signer.settings, &so, found);
    }
    let links_lead_here = has_public_url || !dialects.speak(Dialect::Jiomeet);
    if !links_lead_here {
        found.warn(
            Check::Dialects,
            format!(
                "the apps of the tenant `{name}` speak JioMeet, and public_url is not set: its links lead nobody here"
            ),
            "set public_url, such as https://frontdesk.example.org",
        );
    }
    missing.is_none() && signer.key.is_some() && links_lead_here
}

/// What goes wrong for want of a meeting URL.
fn without_meeting_url(dialects: &Dialects, signer: &Signer) -> Option<&'static str> {
    if signer.meeting_url.is_some() {
        return None;
    }
    if signer.settings.subject(None).is_none() {
        return Some("no token can be made, as nobody knows whose rooms they are");
    }
    match (dialects.speak(Dialect::Jiomeet), dialects.speak(Dialect::Datagram)) {
        (true, true) => Some("JioMeet's links lead nowhere, and Datagram's `join_url` is null"),
        (true, false) => Some("JioMeet's links lead nowhere"),
        (false, true) => Some("Datagram's `join_url` is null"),
        (false, false) => None,
    }
}
