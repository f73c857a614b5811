//! What the OpenAPI document says of all operations alike, and no attribute of a handler can say.

use serde_json::{Map, Value, json};

/// A body that is the same for new things and for changes, but for some fields.
struct Twofold {
    name: &'static str,
    /// What a new one needs.
    needed: &'static [&'static str],
    /// What a new one can't say.
    not_new: &'static [&'static str],
    /// What a change can't say.
    not_changed: &'static [&'static str],
}

const TWOFOLD: [Twofold; 3] = [
    Twofold { name: "AppInput", needed: &["name", "scopes"], not_new: &[], not_changed: &["tenant", "auth"] },
    Twofold {
        name: "ServerInput",
        needed: &["name", "default_tenant"],
        not_new: &["state"],
        not_changed: &[],
    },
    Twofold { name: "TenantInput", needed: &["name"], not_new: &[], not_changed: &["name"] },
];

/// Brings the document into shape.
pub(super) fn shape(document: &mut Value) {
    tell_apart(document);
    let mut inputs = Vec::new();
    for operation in operations(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            present(&mut parameter["schema"]);
            describe(parameter);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            missing(body);
            references(body, &mut inputs);
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        close(schemas, inputs);
        refer(schemas);
        *schemas = std::mem::take(schemas).into_iter().map(|(name, schema)| (page(&name), schema)).collect();
    }
    rename_pages(document);
}

/// Gives changes a schema of their own.
fn tell_apart(document: &mut Value) {
    for Twofold { name, needed, not_new, not_changed } in TWOFOLD {
        let changed = name.replace("Input", "ChangeInput");
        let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
        let Some(schema) = schemas.get(name).cloned() else { continue };
        let without = |fields: &[&str]| {
            let mut schema = schema.clone();
            if let Some(properties) = schema["properties"].as_object_mut() {
                properties.retain(|field, _| !fields.contains(&field.as_str()));
            }
            schema
        };
        schemas.insert(changed.clone(), without(not_changed));
        let mut new = without(not_new);
        new["required"] = json!(needed);
        schemas.insert(name.to_owned(), new);
        let (from, to) = (format!("#/components/schemas/{name}"), format!("#/components/schemas/{changed}"));
        let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
        for reference in items
            .filter_map(|item| item.pointer_mut("/patch/requestBody/content/application~1json/schema/$ref"))
        {
            if *reference == from {
                *reference = json!(to);
            }
        }
    }
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = items.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    operations.filter_map(Value::as_object_mut).filter(|operation| operation.contains_key("responses"))
}

/// A parameter is there or is not, but is never `null`.
fn present(schema: &mut Value) {
    if let Some(types) = schema.get_mut("type") {
        let mut kept = types.as_array().cloned().unwrap_or_default();
        kept.retain(|name| name != "null");
        if let [one] = kept.as_slice() {
            *types = one.clone();
        }
    }
}

/// Where only the schema of a parameter says what it is about, the parameter does.
fn describe(parameter: &mut Value) {
    if parameter.get("description").is_none()
        && let Some(description) = parameter["schema"].get("description").cloned()
    {
        parameter["description"] = description;
    }
}

/// A body may be missing, but is never `null`.
fn missing(body: &mut Value) {
    let Some(schema) = body.pointer_mut("/content/application~1json/schema") else { return };
    let all = schema["oneOf"].as_array().into_iter().flatten();
    let others: Vec<&Value> = all.filter(|one| one["type"] != "null").collect();
    if let [only] = others.as_slice() {
        *schema = (*only).clone();
    }
}

/// Says that what clients send has no fields but those: others are refused.
fn close(schemas: &mut Map<String, Value>, mut names: Vec<String>) {
    let mut closed = Vec::new();
    while let Some(name) = names.pop() {
        let Some(schema) = schemas.get_mut(&name).filter(|_| !closed.contains(&name)) else { continue };
        if schema.get("properties").is_some() || schema["type"] == "object" {
            schema["additionalProperties"] = json!(false);
        }
        references(schema, &mut names);
        closed.push(name);
    }
}

/// Has pages refer to what they are full of, which would be another type to generated clients.
fn refer(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        if let Some(item) =
            name.strip_prefix("PageView_").filter(|item| names.iter().any(|name| name == item))
        {
            schema["properties"]["data"]["items"] = json!({ "$ref": format!("#/components/schemas/{item}") });
        }
    }
}

/// The names of the schemas that are referred to.
fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            names.extend(text.strip_prefix("#/components/schemas/").map(ToOwned::to_owned));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, names)),
        Value::Object(map) => map.values().for_each(|value| references(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `AppointmentPage` rather than `PageView_Appointment`: generated clients call their classes so.
fn page(name: &str) -> String {
    name.strip_prefix("PageView_").map_or_else(|| name.to_owned(), |item| format!("{item}Page"))
}

fn rename_pages(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix("#/components/schemas/") {
                *text = format!("#/components/schemas/{}", page(name));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(rename_pages),
        Value::Object(map) => map.values_mut().for_each(rename_pages),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_closed_and_what_is_answered_is_not() {
        let mut document = json!({
            "paths": { "/x": { "post": {
                "parameters": [{ "schema": { "type": ["string", "null"], "minLength": 1, "description": "x" } }],
                "requestBody": { "schema": { "$ref": "#/components/schemas/Input" } },
                "responses": { "200": { "schema": { "$ref": "#/components/schemas/PageView_View" } } },
            } } },
            "components": { "schemas": {
                "Input": { "properties": { "inner": { "$ref": "#/components/schemas/Inner" } } },
                "Inner": { "properties": { "again": { "$ref": "#/components/schemas/Input" } } },
                "PageView_View": { "properties": { "data": { "items": { "type": "object" } } } },
                "View": { "properties": {} },
            } },
        });
        shape(&mut document);
        let operation = &document["paths"]["/x"]["post"];
        assert_eq!(operation["parameters"][0]["schema"]["type"], "string");
        assert_eq!(operation["parameters"][0]["description"], "x");
        assert_eq!(operation["responses"]["200"]["schema"]["$ref"], "#/components/schemas/ViewPage");
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["Input"]["additionalProperties"], json!(false));
        assert_eq!(schemas["Inner"]["additionalProperties"], json!(false));
        assert_eq!(schemas["ViewPage"]["properties"]["data"]["items"]["$ref"], "#/components/schemas/View");
        assert_eq!(schemas["View"], json!({ "properties": {} }));
    }
}
