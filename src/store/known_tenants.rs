//! Tenants that were read a moment ago, so that not every ask has to read all that is settled for its tenant.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use crate::reservation::{Tenant, TenantId};

/// How long one is remembered. Every change that Frontdesk makes gives the tenant another revision and holds at once. One that
/// somebody makes in the table by hand holds after this time, and so does one that got the revision of another that a failover lost.
const REMEMBERED: Duration = Duration::from_mins(1);

/// Tenants as they were at a revision. Which revision is in force, each ask reads anew.
#[derive(Debug)]
pub struct KnownTenants(Cache<TenantId, Arc<Tenant>>);

impl Default for KnownTenants {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(4096).time_to_live(REMEMBERED).build())
    }
}

impl KnownTenants {
    pub(super) fn at(&self, id: TenantId, revision: i64) -> Option<Arc<Tenant>> {
        self.0.get(&id).filter(|tenant| tenant.revision == revision)
    }

    pub(super) fn note(&self, tenant: Tenant) -> Arc<Tenant> {
        let tenant = Arc::new(tenant);
        self.0.insert(tenant.id, Arc::clone(&tenant));
        tenant
    }
}
