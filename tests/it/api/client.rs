//! An app that calls the API.

use frontdesk::actions::add_app::add_app;
use frontdesk::app::App;
use frontdesk::reservation::{Scope, Scopes};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::World;

/// An app with its key.
pub struct Client {
    http: reqwest::Client,
    url: String,
    pub key: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The problem's code.
    pub fn code(&self) -> &str {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        assert_eq!(self.body["request_id"], self.header("x-request-id"), "{self:?}");
        self.body["code"].as_str().unwrap()
    }

    /// Where something is wrong.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("no errors in {self:?}"));
        let place = |error| Value::as_str(Value::get(error, "pointer").or_else(|| error.get("parameter"))?);
        errors.iter().map(|error| place(error).unwrap_or_else(|| panic!("{self:?}"))).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id in {self:?}")).to_owned()
    }
}

impl Client {
    /// A new app of the tenant, which may do everything but administer.
    pub async fn of(world: &World, tenant: &str) -> Self {
        Self::with_scopes(world, tenant, Scopes::usual()).await
    }

    /// A new app of the tenant, which may do this.
    pub async fn with(world: &World, tenant: &str, scopes: &[Scope]) -> Self {
        Self::with_scopes(world, tenant, scopes.iter().copied().collect()).await
    }

    async fn with_scopes(world: &World, tenant: &str, scopes: Scopes) -> Self {
        Self::of_running(&world.app, &world.url, tenant, scopes).await
    }

    /// A new app of the tenant at a Frontdesk that runs there.
    pub async fn of_running(app: &App, url: &str, tenant: &str, scopes: Scopes) -> Self {
        let name = format!("app-{}", uuid::Uuid::now_v7());
        let added = add_app(app, &tenant.parse().unwrap(), name, scopes).await.unwrap();
        Self { http: reqwest::Client::new(), url: url.to_owned(), key: added.credential.expose().to_owned() }
    }

    /// The same app at another replica.
    pub fn at(&self, world: &World) -> Self {
        Self { http: self.http.clone(), url: world.url.clone(), key: self.key.clone() }
    }

    /// Another app at the same place.
    pub fn with_key(&self, key: &str) -> Self {
        Self { http: self.http.clone(), url: self.url.clone(), key: key.to_owned() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).header("Idempotency-Key", key).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PATCH, path).header("If-Match", "*").json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// Books `room` for the hours, on the day of the worlds' clocks.
    pub async fn book(&self, room: &str, starts: &str, ends: &str) -> Answer {
        self.post("/v1/appointments", hours(room, starts, ends)).await
    }
}

/// A booking of the room, on the day of the worlds' clocks.
pub fn hours(room: &str, starts: &str, ends: &str) -> Value {
    let at = |time: &str| format!("2026-12-01T{time}:00Z");
    json!({ "room": room, "starts": at(starts), "ends": at(ends) })
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    // A file is a text.
    let is_file =
        headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/calendar"));
    let body = if is_file || text.is_empty() {
        Value::String(text)
    } else {
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}"))
    };
    Answer { status, headers, body }
}
