//! The document and the routes say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Answer, Client, send};
use crate::world::World;

/// One thing that the document says can be done.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    /// With its parameters in braces.
    pub path: String,
    /// As the document has it.
    pub said: Value,
}

impl Operation {
    /// The scope that an app needs for it; the first, where any of several will do.
    pub fn scope(&self) -> &str {
        self.scopes()[0]
    }

    /// The scopes of which each is enough for it.
    pub fn scopes(&self) -> Vec<&str> {
        let ways = self.said["security"].as_array().into_iter().flatten();
        let scopes: Vec<_> = ways.filter_map(|way| way["app"][0].as_str()).collect();
        assert!(!scopes.is_empty(), "{} says no scope under `security`", self.id);
        scopes
    }

    fn parameters(&self, place: &str) -> impl Iterator<Item = &Value> {
        let all = self.said["parameters"].as_array().into_iter().flatten();
        all.filter(move |parameter| parameter["in"] == place)
    }

    /// The query that has to be there: times, each a day after the one before.
    pub fn query(&self) -> String {
        let needed = self.parameters("query").filter(|parameter| parameter["required"] == true).enumerate();
        let needed = needed.map(|(n, parameter)| {
            assert_eq!(parameter["schema"]["format"], "date-time", "{}: {parameter}", self.id);
            format!("{}{}=2026-12-0{}T00:00:00Z", if n == 0 { '?' } else { '&' }, name(parameter), n + 1)
        });
        needed.collect()
    }

    /// The path with something in place of each parameter that can stand there and names nothing, and with the query that
    /// has to be there.
    pub fn nowhere(&self) -> String {
        let path = self.parameters("path").fold(self.path.clone(), |path, parameter| {
            let value = match parameter["schema"]["format"].as_str() {
                Some("uuid") => Uuid::now_v7().to_string(),
                Some("date-time") => "2026-12-02T10:00:00Z".to_owned(),
                _ => "nobody".to_owned(),
            };
            path.replace(&format!("{{{}}}", name(parameter)), &value)
        });
        path + &self.query()
    }

    /// Whether it takes a body.
    pub fn has_body(&self) -> bool {
        self.said["requestBody"].is_object()
    }

    /// Asks for it there, for whatever version, with the body where it takes one.
    pub async fn ask(&self, app: &Client, path: &str, body: &Value) -> Answer {
        let request = app.request(self.method.clone(), path).header("If-Match", "*");
        let file = &self.said["requestBody"]["content"]["text/calendar"];
        send(match body.as_str() {
            _ if !self.has_body() => request,
            text if file.is_object() => {
                request.header("Content-Type", "text/calendar").body(text.unwrap_or_default().to_owned())
            }
            _ => request.json(body),
        })
        .await
    }
}

fn name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap()
}

/// The document, as it is served.
pub async fn document(world: &World) -> Value {
    let response = reqwest::get(format!("{}/openapi.json", world.url)).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// Everything that the document says can be done.
pub async fn operations(world: &World) -> Vec<Operation> {
    let document = document(world).await;
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, said) in item.as_object().unwrap() {
            all.push(Operation {
                id: said["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}")).to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                said: said.clone(),
            });
        }
    }
    assert!(!all.is_empty());
    all
}

#[tokio::test]
async fn every_operation_of_the_document_is_there() {
    let world = World::new().await;
    let scopes: Vec<_> = <frontdesk::reservation::Scope as strum::IntoEnumIterator>::iter().collect();
    let admin = Client::with(&world, "acme", &scopes).await;
    let no_path = admin.get("/v1/nothing").await;
    assert_eq!(no_path.status, 404);
    for operation in operations(&world).await {
        let answer = operation.ask(&admin, &operation.nowhere(), &json!({})).await;
        assert!(![401, 403, 405].contains(&answer.status), "{}: {answer:?}", operation.id);
        assert_ne!(answer.body["detail"], no_path.body["detail"], "{}", operation.id);
    }
}

/// The lengths of what `GET` and `HEAD` answer, with what else is said of it. Times go by, so those are left out.
async fn heads(response: reqwest::Response) -> (BTreeMap<String, String>, usize) {
    let said = response.headers().iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
    let said: BTreeMap<_, _> =
        said.filter(|(name, _)| !["date", "x-request-id", "ratelimit"].contains(&name.as_str())).collect();
    (said, response.bytes().await.unwrap().len())
}

#[tokio::test]
async fn head_says_of_everything_that_can_be_read_what_get_says_without_the_body() {
    let world = World::new().await;
    let scopes: Vec<_> = <frontdesk::reservation::Scope as strum::IntoEnumIterator>::iter().collect();
    let admin = Client::with(&world, "acme", &scopes).await;
    let booked = admin.book("room", "10:00", "11:00").await;
    let mut paths: Vec<String> =
        ["/livez", "/openapi.json", "/docs", "/docs/problems/not_found", "/v1/tenants/acme"]
            .map(str::to_owned)
            .into();
    paths.push(format!("/v1/appointments/{}", booked.id()));
    let reads = operations(&world).await.into_iter().filter(|operation| operation.method == Method::GET);
    paths.extend(reads.map(|operation| operation.nowhere()));
    for path in paths {
        let ask = async |method: Method| admin.request(method, &path).send().await.unwrap();
        let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
        assert_eq!(head.status(), get.status(), "{path}");
        let ((got, length), (headed, nothing)) = (heads(get).await, heads(head).await);
        assert_eq!(got["content-length"], format!("\"{length}\""), "{path}");
        assert_eq!((headed, nothing), (got, 0), "{path}");
    }
    let tag = admin.request(Method::HEAD, &format!("/v1/appointments/{}", booked.id())).send().await.unwrap();
    assert_eq!(tag.headers()["etag"], "\"1\"");
    // How long it is, nobody knows before it is read; and it is not.
    let export = admin.request(Method::HEAD, "/v1/tenants/acme/export").send().await.unwrap();
    assert_eq!(export.status(), 200);
    for length in ["content-length", "transfer-encoding"] {
        assert_eq!(export.headers().get(length), None);
    }
    assert_eq!(export.headers()["content-type"], "application/x-ndjson");
}

#[tokio::test]
async fn no_operation_of_the_document_is_there_for_who_is_not_known() {
    let world = World::new().await;
    for operation in operations(&world).await {
        let url = format!("{}{}", world.url, operation.nowhere());
        let refused = send(reqwest::Client::new().request(operation.method.clone(), url)).await;
        assert_eq!((refused.status, refused.code()), (401, "unauthorized"), "{}", operation.id);
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"frontdesk\"", "{}", operation.id);
    }
}

#[tokio::test]
async fn a_method_that_the_document_lacks_is_refused_with_those_that_it_has() {
    let world = World::new().await;
    let app = Client::of(&world, "acme").await;
    let mut paths: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for operation in operations(&world).await {
        paths.entry(operation.path.clone()).or_default().push(operation);
    }
    for (path, there) in paths {
        let mut methods: BTreeSet<&str> = there.iter().map(|operation| operation.method.as_str()).collect();
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            if methods.contains(method) {
                continue;
            }
            let request = app.request(method.parse().unwrap(), &there[0].nowhere());
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), 405, "{method} {path}");
            let allowed = response.headers()["allow"].to_str().unwrap().split(", ").collect::<BTreeSet<_>>();
            assert_eq!(allowed, methods, "{method} {path}");
        }
    }
}

/// The endpoints that the source has, as `GET /v1/appointments`.
fn endpoints() -> BTreeSet<String> {
    let source = fs::read_to_string("src/api/mod.rs").unwrap();
    let (_, routes) = source.split_once("web::scope(\"/v1\")").unwrap();
    let (routes, _) = routes.split_once(".default_service(").unwrap();
    let resource = Regex::new(r#"\.service\(\s*at\(\s*"(/[^"]*)",\s*\[([^\]]*)\]"#).unwrap();
    let method = Regex::new(r"\b(get|post|put|patch|delete)\(\)\s*\.to\(").unwrap();
    let resources: Vec<_> = resource.captures_iter(routes).collect();
    let others = routes.matches(".service(").count() - resources.len() + routes.matches(".route(").count();
    assert_eq!(others, 0, "the scope has routes that no `at` knows, or that this test can't read");
    let found = resources.iter().flat_map(|found| {
        let methods: Vec<_> =
            method.captures_iter(&found[2]).map(|method| method[1].to_uppercase()).collect();
        assert_eq!(methods.len(), found[2].matches(".to(").count(), "{}", &found[0]);
        let path = found[1].to_owned();
        methods.into_iter().map(move |method| format!("{method} /v1{path}"))
    });
    found.collect()
}

#[tokio::test]
async fn every_route_is_in_the_document_and_nothing_else_is() {
    let world = World::new().await;
    let said = operations(&world).await;
    let said: BTreeSet<_> = said.iter().map(|one| format!("{} {}", one.method, one.path)).collect();
    assert_eq!(said, endpoints());
}

/// Whether a schema says what it is about.
fn is_described(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[tokio::test]
async fn every_operation_says_all_that_a_client_has_to_know() {
    let world = World::new().await;
    let document = document(&world).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    let mut names = BTreeSet::new();
    for operation in operations(&world).await {
        let Operation { id, said, .. } = &operation;
        assert!(names.insert(id.clone()), "two operations are called {id}");
        assert!(id.starts_with(|c: char| c.is_ascii_lowercase()), "{id}");
        assert!(is_described(&said["summary"]), "{id} has no summary");
        assert_eq!(said["tags"].as_array().map(Vec::len), Some(1), "{id} has no tag of its own");
        let scopes: Vec<&str> = <frontdesk::reservation::Scope as strum::VariantNames>::VARIANTS.to_vec();
        assert!(scopes.contains(&operation.scope()), "{id} needs the scope {}", operation.scope());
        for parameter in operation.parameters("query").chain(operation.parameters("header")) {
            assert!(is_described(&parameter["description"]), "{id}: {}", parameter["name"]);
        }
        let answers = said["responses"].as_object().unwrap();
        for status in ["400", "401", "403", "404", "422", "429", "500", "503"] {
            assert!(answers.contains_key(status), "{id} says nothing of {status}");
        }
        assert!(answers.keys().any(|status| status.starts_with('2')), "{id}");
        for (status, answer) in answers.iter().filter(|(status, _)| !status.starts_with(['2', '3'])) {
            let problem = json!({ "$ref": "#/components/schemas/Problem" });
            assert_eq!(answer["content"]["application/problem+json"]["schema"], problem, "{id} {status}");
        }
    }
}
