//! Signing keys that were opened a moment ago: to parse one takes as long as to sign with it twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::reservation::SigningKeyId;
use crate::seal::Sealed;
use crate::signing::SigningKey;

/// The most keys that are kept. Beyond that all go, and come back as they are asked for.
const MOST: usize = 64;

/// Signing keys that were opened a moment ago, each with the blob that it lay in: what was sealed anew, or is another
/// key by now, is opened anew.
///
/// Whoever looks after the keys lets all go every few seconds, on each replica. So of a key that was withdrawn elsewhere nothing
/// stays. A key clears its memory when it goes.
#[derive(Debug, Default)]
pub struct OpenedKeys(Mutex<HashMap<SigningKeyId, (Sealed, Arc<SigningKey>)>>);

impl OpenedKeys {
    /// The key that lay in that blob.
    #[must_use]
    pub fn get(&self, id: SigningKeyId, sealed: &Sealed) -> Option<Arc<SigningKey>> {
        let keys = self.lock();
        let (of, key) = keys.get(&id)?;
        (of == sealed).then(|| Arc::clone(key))
    }

    /// Keeps one.
    pub fn keep(&self, id: SigningKeyId, sealed: Sealed, key: Arc<SigningKey>) {
        let mut keys = self.lock();
        if keys.len() >= MOST {
            keys.clear();
        }
        keys.insert(id, (sealed, key));
    }

    /// Lets all go.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SigningKeyId, (Sealed, Arc<SigningKey>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::Algorithm;

    fn key() -> Arc<SigningKey> {
        Arc::new(SigningKey::make(Algorithm::EdDsa).unwrap())
    }

    #[test]
    fn a_key_is_kept_for_the_blob_that_it_lay_in_only() {
        let (keys, id) = (OpenedKeys::default(), SigningKeyId::new());
        let [blob, other] = [b"one", b"two"].map(|blob| Sealed::from_bytes(blob.to_vec()));
        keys.keep(id, blob.clone(), key());
        assert!(keys.get(id, &blob).is_some());
        assert!(keys.get(id, &other).is_none(), "it was sealed anew, or replaced");
        assert!(keys.get(SigningKeyId::new(), &blob).is_none());
    }

    #[test]
    fn of_a_key_that_was_let_go_nothing_is_left() {
        let keys = OpenedKeys::default();
        let (first, blob) = (key(), Sealed::from_bytes(Vec::new()));
        keys.keep(SigningKeyId::new(), blob.clone(), Arc::clone(&first));
        for _ in 1..MOST {
            keys.keep(SigningKeyId::new(), blob.clone(), key());
        }
        assert_eq!(Arc::strong_count(&first), 2);
        keys.keep(SigningKeyId::new(), blob.clone(), key());
        assert_eq!(Arc::strong_count(&first), 1, "there are never more than so many");
        keys.keep(SigningKeyId::new(), blob, Arc::clone(&first));
        keys.clear();
        assert_eq!(Arc::strong_count(&first), 1);
    }
}
