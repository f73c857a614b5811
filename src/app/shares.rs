//! What one tenant's apps may take of what all tenants share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::reservation::TenantId;

/// How long a request waits for those of the same tenant that came before it.
const PATIENCE: Duration = Duration::from_secs(10);

/// As many places for the requests of each tenant as one tenant may take: so that connections are left for the others, however
/// much the apps of one ask for.
#[derive(Debug)]
pub struct Shares {
    each: usize,
    of: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

/// A request's place. It is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Shares {
    /// So many for each.
    #[must_use]
    pub fn of(each: usize) -> Self {
        Self { each, of: Mutex::default() }
    }

    /// A place for a request of that tenant, which must be one that there is: each is kept in mind. Whoever comes first has it
    /// first. `None` where there was none for 10 s.
    pub async fn take(&self, tenant: TenantId) -> Option<Place> {
        let places = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(of.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        let permit = timeout(PATIENCE, places.acquire_owned()).await.ok()?.ok()?;
        Some(Place { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_takes_all_of_theirs_leaves_the_others_theirs() {
        let (shares, one, other) = (Shares::of(2), TenantId::new(), TenantId::new());
        let first = shares.take(one).await.unwrap();
        let _second = shares.take(one).await.unwrap();
        let next = timeout(Duration::from_millis(50), shares.take(one)).await;
        assert!(next.is_err(), "it has to wait");
        assert!(shares.take(other).await.is_some());
        drop(first);
        assert!(shares.take(one).await.is_some());
    }
}
