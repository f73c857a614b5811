//! What an app keeps with an appointment.

use serde_json::{Map, Value};

/// A JSON object that is kept as it is and never looked into: at most 16 KiB as compact JSON, eight levels
/// deep, no NUL in its texts. Its keys keep their order; its numbers are those of JavaScript (IEEE 754).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata(Map<String, Value>);

/// It can't be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a JSON object of at most {} bytes, {} levels deep, without NUL in its texts",
    Metadata::MAX_BYTES,
    Metadata::MAX_DEPTH
)]
pub struct MetadataError;

impl Metadata {
    /// The most bytes as compact JSON.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// The most levels.
    pub const MAX_DEPTH: usize = 8;

    /// The object as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl Metadata {
    /// What becomes of it with a merge patch (RFC 7396): null takes a key away, objects are merged.
    ///
    /// # Errors
    /// Where it can't be kept then.
    pub fn merged(&self, patch: &Self) -> Result<Self, MetadataError> {
        let mut merged = self.to_value();
        merge(&mut merged, patch.to_value());
        merged.try_into()
    }
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Some(target) = target.as_object_mut() {
        for (key, value) in patch {
            if value.is_null() {
                target.shift_remove(&key);
            } else {
                merge(target.entry(key).or_insert(Value::Null), value);
            }
        }
    }
}

/// As compact JSON.
impl std::fmt::Display for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_value().fmt(f)
    }
}

impl TryFrom<Value> for Metadata {
    type Error = MetadataError;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        if !keeps(&value, Self::MAX_DEPTH) || value.to_string().len() > Self::MAX_BYTES {
            return Err(MetadataError);
        }
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(MetadataError),
        }
    }
}

/// Whether the value has at most so many levels, and no NUL.
fn keeps(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(values) => levels > 0 && values.iter().all(|value| keeps(value, levels - 1)),
        Value::Object(map) => {
            levels > 0 && map.iter().all(|(key, value)| !key.contains('\0') && keeps(value, levels - 1))
        }
        Value::String(text) => !text.contains('\0'),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_kept_with_the_order_of_its_keys() {
        let value = json!({ "b": 1, "a": [true, null, "x"] });
        assert_eq!(Metadata::try_from(value.clone()).unwrap().to_value().to_string(), value.to_string());
    }

    #[test]
    fn a_patch_merges_objects_and_takes_away_what_is_null() {
        // Source: the example of RFC 7396, section 3, and some of appendix A.
        for (before, patch, after) in [
            (
                json!({ "a": "b", "c": { "d": "e", "f": "g" } }),
                json!({ "a": "z", "c": { "f": null } }),
                json!({ "a": "z", "c": { "d": "e" } }),
            ),
            (json!({ "a": [1] }), json!({ "a": [2, null] }), json!({ "a": [2, null] })),
            (json!({ "a": "c" }), json!({ "a": { "b": null, "c": 1 } }), json!({ "a": { "c": 1 } })),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
        ] {
            let (before, patch) = (Metadata::try_from(before).unwrap(), Metadata::try_from(patch).unwrap());
            assert_eq!(before.merged(&patch).unwrap().to_value(), after);
        }
    }

    #[test]
    fn what_is_no_object_or_too_much_is_refused() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "x": inner }));
        assert!(Metadata::try_from(nested(8)).is_ok());
        for value in
            [json!([]), json!("x"), json!(null), nested(9), json!({ "x": "a\0" }), json!({ "a\0": 1 })]
        {
            assert_eq!(Metadata::try_from(value.clone()), Err(MetadataError), "{value}");
        }
        let of = |bytes: usize| json!({ "x": "a".repeat(bytes - r#"{"x":""}"#.len()) });
        assert!(Metadata::try_from(of(Metadata::MAX_BYTES)).is_ok());
        assert!(Metadata::try_from(of(Metadata::MAX_BYTES + 1)).is_err());
    }
}
