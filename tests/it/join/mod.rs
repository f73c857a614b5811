//! Join links, and what people find behind them. It is nine o'clock on Tuesday, 1 December 2026.

mod doors;
mod guesses;
mod links;

use chrono::TimeDelta;
use frontdesk::actions::signing_keys::KeyOwner;
use frontdesk::signing::{Algorithm, Jws};
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::api::client::{Client, hours};
use crate::api::tokens::key;
use crate::world::World;

/// What somebody gets who opens a link.
#[derive(Debug)]
struct Page {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn state(&self) -> &str {
        let (_, rest) = self.text.split_once("data-state=\"").unwrap_or_else(|| panic!("no page: {self:?}"));
        rest.split('"').next().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// Where somebody is sent on to, and what their token says.
    fn entrance(&self) -> (String, Value) {
        assert_eq!(self.status, 303, "{self:?}");
        let (room, fragment) = self.header("location").split_once("#jwt=").unwrap();
        let quoted = percent_decode_str(fragment).decode_utf8().unwrap();
        let token: String = serde_json::from_str(&quoted).unwrap();
        (room.to_owned(), Value::Object(Jws::read(&token).unwrap().claims().clone()))
    }
}

/// A browser, or something else that opens links.
async fn open(link: &str, headers: &[(&str, &str)]) -> Page {
    request(reqwest::Method::GET, link, headers).await
}

async fn request(method: reqwest::Method, link: &str, headers: &[(&str, &str)]) -> Page {
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let mut request = client.request(method, link);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Page { status, headers, text: answer.text().await.unwrap() }
}

/// What a browser says when a person goes somewhere.
const NAVIGATES: [(&str, &str); 2] = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

/// A person opens a link in a browser.
async fn click(link: &str) -> Page {
    open(link, &NAVIGATES).await
}

/// A world whose tenant has rooms to enter, and a key.
async fn doors() -> (World, Client) {
    let world = World::new().await;
    world.policy(|policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap())).await;
    key(&world, &KeyOwner::Deployment, Algorithm::Rs256).await;
    let app = Client::of(&world, "acme").await;
    (world, app)
}

/// An appointment of Ada's, a host, and Bob's, from ten to eleven.
fn consultation() -> Value {
    let mut body = hours("Grüße Raum", "10:00", "11:00");
    body["title"] = json!("Consultation");
    body["time_zone"] = json!("Europe/Berlin");
    body["participants"] = json!([
        { "role": "host", "name": "Dr. Ada", "email": "ada@example.org" },
        { "role": "participant", "name": "Bob", "email": "bob@example.org" },
    ]);
    body
}

/// Books it, and gives the answer.
async fn booked(app: &Client, body: Value) -> Value {
    let made = app.post("/v1/appointments", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body
}

fn link_of(appointment: &Value, participant: usize) -> String {
    appointment["participants"][participant]["join_url"].as_str().unwrap().to_owned()
}

fn guests(appointment: &Value) -> String {
    appointment["guest_join_url"].as_str().unwrap().to_owned()
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}
