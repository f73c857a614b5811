//! A tenant's things are there for nobody else: every operation of the document, asked for by another tenant's app.

use std::collections::BTreeSet;
use std::time::Duration;

use frontdesk::actions::signing_keys::KeyOwner;
use frontdesk::reservation::{Scope, Scopes};
use frontdesk::signing::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use strum::IntoEnumIterator as _;

use super::client::{Client, hours, send};
use super::document::{Operation, operations};
use super::tokens::key;
use crate::world::World;

/// What an operation is about, and with it how it could give away what is another tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One thing, named in the path. To others it is not there.
    Thing,
    /// All things of a kind, also with these queries. Others see none.
    List(&'static [&'static str]),
    /// What is known about a room that has this name. To others it is any room.
    Room,
    /// What is known about a room that the body names. To others it is any room.
    Body(&'static str),
    /// It makes something new, which may say what stands here. The tenant that makes it has it, and nobody else.
    New(&'static str),
}

/// Every operation of the document but those for administrators, who have all tenants before them. A new one goes here,
/// with what it is about.
const OPERATIONS: &[(&str, Kind)] = &[
    (
        "listAppointments",
        Kind::List(&[
            "",
            "?state=upcoming,ongoing,past,cancelled",
            "?room=secret-room",
            "?host=host@secret.example",
            "?external_id=secret-id",
            "?limit=1&cursor={cursor}",
        ]),
    ),
    (
        "createAppointment",
        Kind::New(
            r#"{"room":"secret-room","starts":"2026-12-01T10:00:00Z","ends":"2026-12-01T11:00:00Z","external_id":"secret-id"}"#,
        ),
    ),
    (
        "createAppointments",
        Kind::New(
            r#"{"appointments":[{"room":"secret-room","starts":"2026-12-01T10:00:00Z","ends":"2026-12-01T11:00:00Z","external_id":"secret-id"}]}"#,
        ),
    ),
    ("getAppointment", Kind::Thing),
    ("getAppointmentCalendar", Kind::Thing),
    ("updateAppointment", Kind::Thing),
    ("cancelAppointment", Kind::Thing),
    (
        "previewAppointment",
        Kind::Body(
            r#"{"room":"secret-room","starts":"2026-12-01T10:00:00Z","ends":"2026-12-01T11:00:00Z","external_id":"secret-id"}"#,
        ),
    ),
    (
        "importCalendar",
        Kind::New(
            r#""BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:secret\nDTSTART:20261201T100000Z\nDURATION:PT1H\nSUMMARY:new\nEND:VEVENT\nEND:VCALENDAR\n""#,
        ),
    ),
    (
        "listOccurrences",
        Kind::List(&[
            "",
            "?state=upcoming,ongoing,past,cancelled",
            "?room=secret-room",
            "?host=host@secret.example",
            "?limit=1&cursor={cursor}",
        ]),
    ),
    ("listOccurrencesOfAppointment", Kind::Thing),
    ("getOccurrence", Kind::Thing),
    ("updateOccurrence", Kind::Thing),
    ("cancelOccurrence", Kind::Thing),
    ("updateFollowing", Kind::Thing),
    ("cancelFollowing", Kind::Thing),
    ("createFeed", Kind::New(r#"{"label":"feed","room":"secret-room"}"#)),
    ("listFeeds", Kind::List(&["", "?limit=1&cursor={cursor}"])),
    ("revokeFeed", Kind::Thing),
    ("createJoinLink", Kind::Thing),
    ("listJoinLinks", Kind::Thing),
    ("getJoinLink", Kind::Thing),
    ("revokeJoinLink", Kind::Thing),
    ("getInvitation", Kind::Thing),
    ("listConferences", Kind::List(&["", "?limit=1&cursor={cursor}"])),
    ("getConference", Kind::Thing),
    ("closeConference", Kind::Thing),
    ("listDecisions", Kind::List(&["", "?room=secret-room", "?limit=1&cursor={cursor}"])),
    ("createAppointmentToken", Kind::Thing),
    ("createRoomToken", Kind::Room),
    ("createWildcardToken", Kind::New(r#"{"expires_at":"2026-12-01T10:00:00Z"}"#)),
    ("createInstantRoom", Kind::New(r#"{"duration_seconds":60}"#)),
    ("verifyToken", Kind::New(r#"{"token":"e30.e30.e30","room":"secret-room"}"#)),
    ("revokeToken", Kind::New("{}")),
    ("revokeAppointmentTokens", Kind::Thing),
    ("decideRoom", Kind::Room),
    ("getFreeBusy", Kind::Room),
];

/// What is sent where a body is needed to get at a thing, and changes it.
const CHANGES: &[(&str, &str)] = &[
    ("updateAppointment", r#"{"title":"changed"}"#),
    ("updateOccurrence", r#"{"title":"changed"}"#),
    ("updateFollowing", r#"{"title":"changed"}"#),
    ("createJoinLink", r#"{"for_guests":true}"#),
];

/// Everything of the first tenant is called so.
const MARK: &str = "secret";

/// Two tenants, of which the first has something of everything.
struct Two {
    world: World,
    owner: Client,
    other: Client,
    appointment: String,
    conference: String,
    feed: String,
    join_link: String,
}

impl Two {
    async fn new() -> Self {
        let world = World::new().await;
        let url = |tenant| Some(format!("https://meet.example.org/{tenant}").parse().unwrap());
        world.policy(|policy| policy.meeting_url = url("acme")).await;
        world.tenant("other", |policy| policy.meeting_url = url("other")).await;
        key(&world, &KeyOwner::Deployment, Algorithm::Rs256).await;
        let owner = Client::of(&world, "acme").await;
        let scopes: Vec<Scope> = Scopes::usual().iter().chain([Scope::TokensWildcard]).collect();
        let other = Client::with(&world, "other", &scopes).await;
        let mut booking = hours("secret-room", "10:00", "11:00");
        booking["title"] = json!("secret-title");
        booking["external_id"] = json!("secret-id");
        booking["recurrence"] = json!({ "rrule": "FREQ=DAILY;COUNT=3" });
        booking["participants"] = json!([{ "role": "host", "email": "host@secret.example" }]);
        let booked = owner.post("/v1/appointments", booking).await;
        assert_eq!(booked.status, 201, "{booked:?}");
        let import = owner.request(Method::POST, "/v1/calendars/secret-calendar/import?room=secret-import");
        let file = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:secret\nDTSTART:20261202T100000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR";
        assert_eq!(send(import.header("Content-Type", "text/calendar").body(file)).await.status, 200);
        let server = world.server("one").await;
        world.server_for("two", "other", &[], false).await;
        for room in ["secret-live", "secret-live-too"] {
            assert_eq!(owner.book(room, "08:30", "09:30").await.status, 201);
            assert_eq!(world.ask(&server, room).await.status, 200);
        }
        for room in ["secret-room", "secret-nowhere"] {
            assert!(world.ask(&server, room).await.status >= 400);
        }
        // Refusals are written a moment later.
        while !owner.get("/v1/decisions").await.body.to_string().contains("secret-nowhere") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let open = owner.get("/v1/conferences").await.body;
        let conference = open["data"][0]["id"].as_str().unwrap().to_owned();
        let feed =
            async || owner.post("/v1/feeds", json!({ "label": "secret-feed", "all": true })).await.id();
        feed().await;
        let feed = feed().await;
        let links = owner.get(&format!("/v1/appointments/{}/join-links", booked.id())).await.body;
        let join_link = links["data"][0]["id"].as_str().unwrap().to_owned();
        Self { world, owner, other, appointment: booked.id(), conference, feed, join_link }
    }

    /// The path of what the first tenant has.
    fn there(&self, operation: &Operation) -> String {
        let thing = match operation.path.as_str() {
            path if path.starts_with("/v1/appointments/{id}") => &self.appointment,
            path if path.starts_with("/v1/feeds/{id}") => &self.feed,
            path if path.starts_with("/v1/join-links/{id}") => &self.join_link,
            path if path.starts_with("/v1/conferences/{id}") => &self.conference,
            path => panic!("say what the first tenant has at {path}"),
        };
        operation.path.replace("{id}", thing).replace("{original_start}", "2026-12-02T10:00:00Z")
    }

    /// Everything that the database has of the first tenant.
    async fn all(&self) -> Vec<(String, Option<Value>)> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT table_name::text FROM information_schema.columns
             WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY table_name",
        )
        .fetch_all(self.world.db())
        .await
        .unwrap();
        let tables =
            tables.into_iter().map(|table| (table, "tenant_id")).chain([("tenants".to_owned(), "id")]);
        let mut all = Vec::new();
        for (table, tenant) in tables {
            let rows = format!(
                "SELECT jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text) FROM {table} t
                 WHERE {tenant} = (SELECT id FROM tenants WHERE name = 'acme')"
            );
            let rows = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(self.world.db()).await.unwrap();
            all.push((table, rows));
        }
        assert!(all.len() > 8, "{all:?}");
        all
    }
}

fn change(id: &str) -> Value {
    let found = CHANGES.iter().find(|(name, _)| *name == id);
    found.map_or_else(|| json!({}), |(_, body)| serde_json::from_str(body).unwrap())
}

/// To others, a thing is not there: they are told so in the very words that they are told about nothing at all.
async fn a_thing_is_not_there(operation: &Operation) {
    let two = Two::new().await;
    let before = two.all().await;
    let (id, body) = (&operation.id, change(&operation.id));
    let mut foreign = operation.ask(&two.other, &two.there(operation), &body).await;
    let mut nothing = operation.ask(&two.other, &operation.nowhere(), &body).await;
    assert_eq!(foreign.status, 404, "{id}: {foreign:?}");
    assert_eq!(foreign.code(), "not_found", "{id}");
    for answer in [&mut foreign, &mut nothing] {
        answer.body.as_object_mut().unwrap().remove("request_id");
        for name in ["x-request-id", "date", "ratelimit", "content-length"] {
            answer.headers.remove(name);
        }
    }
    assert_eq!((&foreign.body, &foreign.headers), (&nothing.body, &nothing.headers), "{id}");
    assert_eq!(two.all().await, before, "{id}");
    let own = operation.ask(&two.owner, &two.there(operation), &body).await;
    assert!(own.status < 300, "{id}: {own:?}");
}

/// Others' lists are empty of it, whatever they ask for.
async fn a_list_has_nothing_of_it(operation: &Operation, queries: &[&str]) {
    let two = Two::new().await;
    let first = two.owner.get(&format!("{}?limit=1", operation.path)).await;
    let cursor = first.body["next_cursor"].as_str().unwrap_or_default();
    for query in queries {
        let path = format!("{}{}", operation.path, query.replace("{cursor}", cursor));
        let seen = two.other.get(&path).await;
        assert_eq!((seen.status, &seen.body), (200, &json!({ "data": [], "next_cursor": null })), "{path}");
        let own = two.owner.get(&path).await.body.to_string();
        assert!(own.contains(MARK), "the owner does not see it either: {path}: {own}");
    }
}

/// What is said about a room that another tenant has booked is what is said about any room.
async fn a_room_is_any_room(operation: &Operation, body: &str) {
    let two = Two::new().await;
    let before = two.all().await;
    let path = |room: &str| operation.path.replace("{room}", room) + &operation.query();
    let body = |room: &str| serde_json::from_str(&body.replace("secret-room", room)).unwrap();
    let mut foreign = operation.ask(&two.other, &path("secret-room"), &body("secret-room")).await;
    let mut nothing = operation.ask(&two.other, &path("silent-room"), &body("silent-room")).await;
    assert!(foreign.status == 200 || foreign.code() == "not_booked", "{}: {foreign:?}", operation.id);
    for answer in [&mut foreign, &mut nothing] {
        answer.body.as_object_mut().unwrap().remove("request_id");
    }
    assert_eq!(
        foreign.body.to_string(),
        nothing.body.to_string().replace("silent-room", "secret-room"),
        "{}",
        operation.id
    );
    assert_eq!(two.all().await, before, "{}", operation.id);
    let own = operation.ask(&two.owner, &path("secret-room"), &body("secret-room")).await;
    assert_ne!(own.body, foreign.body, "the owner is told no more: {}", operation.id);
}

/// What others make does not meet what is there, and does not become the first tenant's.
async fn new_things_do_not_meet(operation: &Operation, body: &str) {
    let two = Two::new().await;
    let before = two.all().await;
    let path = operation.path.replace("{calendar}", "secret-calendar").replace("{id}", &two.conference);
    let made = operation.ask(&two.other, &path, &serde_json::from_str(body).unwrap()).await;
    assert!(made.status < 300, "{}: {made:?}", operation.id);
    assert_eq!(two.all().await, before, "{}", operation.id);
    assert!(!made.body.to_string().contains(&two.appointment), "{}: {made:?}", operation.id);
}

/// Whoever is no administrator is told so, whether or not there is anything.
async fn only_administrators_may(operation: &Operation) {
    let two = Two::new().await;
    let scopes: Vec<Scope> = Scope::iter().filter(|&scope| scope != Scope::Admin).collect();
    for tenant in ["acme", "other"] {
        let app = Client::with(&two.world, tenant, &scopes).await;
        let before = two.all().await;
        let refused = operation.ask(&app, &operation.nowhere(), &json!({})).await;
        assert_eq!((refused.status, refused.code()), (403, "insufficient_scope"), "{}", operation.id);
        assert_eq!(two.all().await, before, "{}", operation.id);
    }
}

#[tokio::test]
async fn nothing_of_a_tenant_is_seen_or_changed_by_another() {
    let said = operations(&World::new().await).await;
    let (admin, said): (Vec<_>, Vec<_>) =
        said.into_iter().partition(|operation| operation.scope() == Scope::Admin.as_str());
    let there: BTreeSet<_> = said.iter().map(|operation| operation.id.as_str()).collect();
    let known: BTreeSet<_> = OPERATIONS.iter().map(|(id, _)| *id).collect();
    assert_eq!(there, known, "left the document, right the table here");
    for operation in &said {
        let (_, kind) = OPERATIONS.iter().find(|(id, _)| *id == operation.id).unwrap();
        match kind {
            Kind::Thing => a_thing_is_not_there(operation).await,
            Kind::List(queries) => a_list_has_nothing_of_it(operation, queries).await,
            Kind::Room => a_room_is_any_room(operation, "{}").await,
            Kind::Body(body) => a_room_is_any_room(operation, body).await,
            Kind::New(body) => new_things_do_not_meet(operation, body).await,
        }
    }
    for operation in &admin {
        only_administrators_may(operation).await;
    }
}

#[tokio::test]
async fn what_never_was_is_not_there_for_its_owner_either() {
    let two = Two::new().await;
    for operation in operations(&two.world).await {
        if OPERATIONS.iter().any(|(id, kind)| *id == operation.id && *kind == Kind::Thing) {
            let nothing = operation.ask(&two.owner, &operation.nowhere(), &change(&operation.id)).await;
            assert_eq!((nothing.status, nothing.code()), (404, "not_found"), "{}", operation.id);
        }
    }
}
