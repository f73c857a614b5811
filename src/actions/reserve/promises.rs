//! Which rooms are about to open: so the lane promises no tenant more of them than it has places for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::reservation::TenantId;

/// How many rooms of each tenant are about to open. They may be in the database already, or not yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Promises(Arc<Mutex<HashMap<TenantId, u32>>>);

/// A room of the tenant is about to open. It no longer is when this is dropped.
#[derive(Debug)]
pub(super) struct Promise {
    promises: Promises,
    tenant: TenantId,
}

impl Promises {
    /// Promises a room to the tenant.
    pub fn make(&self, tenant: TenantId) -> Promise {
        *self.lock().entry(tenant).or_default() += 1;
        Promise { promises: self.clone(), tenant }
    }

    /// Of which tenant how many are about to open now. Who counts open rooms asks for this before, not after: then none is missed.
    pub fn made(&self) -> HashMap<TenantId, u32> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut promises = self.promises.lock();
        if let Some(count) = promises.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                promises.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_counts_until_it_is_no_longer_about_to_open() {
        let (promises, one, other) = (Promises::default(), TenantId::new(), TenantId::new());
        let (first, second, _third) = (promises.make(one), promises.make(one), promises.make(other));
        assert_eq!(promises.made(), HashMap::from([(one, 2), (other, 1)]));
        drop(first);
        assert_eq!(promises.made(), HashMap::from([(one, 1), (other, 1)]));
        drop(second);
        assert_eq!(promises.made(), HashMap::from([(other, 1)]));
    }
}
