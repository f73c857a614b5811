//! What takes microseconds: deciding, reading names, hashing credentials, signing tokens. `cargo bench --bench pure`
//!
//! Not in here: anything with a database (`nine_oclock`).

use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk::credential::{Credential, CredentialKind};
use frontdesk::reservation::{
    AppointmentId, Ask, Conference, ConferenceId, MailOwner, Near, Node, Occurrence, OccurrenceId, Options,
    Policy, RoomKey, Server, ServerId, ServerState, Situation, Slot, Tenant, TenantId, decide,
};
use frontdesk::signing::{Algorithm, Kid, SigningKey};
use serde_json::json;

fn now() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().expect("it is a time")
}

fn occurrence(starts: DateTime<Utc>) -> Occurrence {
    Occurrence {
        id: OccurrenceId { appointment: AppointmentId::new(), original_start: starts },
        revision: 1,
        slot: Slot::new(starts, Some(starts + TimeDelta::hours(1))).expect("it ends after it starts"),
        early_open: TimeDelta::minutes(10),
        grace: TimeDelta::minutes(10),
        max_duration: None,
        first_opened_at: None,
        answer_token: false,
        options: Options::default(),
        appointment_cancelled: false,
    }
}

/// A room with a date now, one next week and one after that.
fn situation() -> Situation {
    let date = |weeks| Some(occurrence(now() + TimeDelta::weeks(weeks)));
    let tenant = TenantId::new();
    Situation {
        server: Server { id: ServerId::new(), state: ServerState::Active },
        tenant: Some(Arc::new(Tenant {
            id: tenant,
            name: "acme".parse().expect("it is a name"),
            policy: Policy::default(),
            revision: 1,
            created_at: now(),
            disabled_at: None,
        })),
        served: true,
        near: Near { current: date(0), next: date(1), following: date(2), ..Near::default() },
        live: None,
        default_tenant: tenant,
        live_is_booked: false,
        live_count: 0,
    }
}

fn deciding(criterion: &mut Criterion) {
    let node: Node = "standup".parse().expect("it is a node");
    let ask = Ask { room: node.parts().map(|(_, room)| room), node: node.clone(), certified: None };
    let granted = situation();
    let refused = Situation { near: Near::default(), ..situation() };
    let mut occupied = situation();
    occupied.live_is_booked = true;
    occupied.live = Some(Conference {
        tenant: occupied.default_tenant,
        id: ConferenceId::new(),
        room: "standup".parse().expect("it is a room"),
        node,
        server: occupied.server,
        mail_owner: MailOwner::default(),
        occurrence: occupied.near.current.as_ref().map(|date| date.id),
        opened_at: now(),
        ends_at: now() + TimeDelta::hours(1),
        answer_token: false,
        options: Options::default(),
    });
    let mut group = criterion.benchmark_group("decide");
    for (name, situation) in [("a grant", granted), ("an unknown room", refused), ("a conflict", occupied)] {
        group.bench_function(name, |bencher| bencher.iter(|| decide(black_box(&ask), &situation, now())));
    }
    group.finish();
}

fn reading_names(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("names");
    for name in ["standup", "[acme]standup", "gr%c3%bc%c3%9fe%20raum"] {
        group.bench_function(format!("the node {name}"), |bencher| {
            bencher.iter(|| {
                let node: Node = black_box(name).parse().expect("it is a node");
                (node.tenant(), node.parts().map(|(_, room)| room))
            });
        });
    }
    group.bench_function("the room Grüße Raum", |bencher| {
        bencher.iter(|| black_box("Grüße Raum").parse::<RoomKey>());
    });
    group.finish();
}

fn hashing_credentials(criterion: &mut Criterion) {
    let credential = Credential::generate(CredentialKind::Server).expect("there is randomness");
    let text = credential.expose().to_owned();
    let mut group = criterion.benchmark_group("credentials");
    group.bench_function("parse and hash", |bencher| {
        bencher.iter(|| Credential::parse(CredentialKind::Server, black_box(&text)).map(|read| read.hash()));
    });
    group.finish();
}

fn signing_tokens(criterion: &mut Criterion) {
    let kid: Kid = "frontdesk-2026".parse().expect("it is a kid");
    let claims = json!({
        "iss": "frontdesk", "aud": "jitsi", "sub": "acme", "room": "standup", "nbf": 1_796_115_000, "exp": 1_796_119_200,
        "context": { "user": { "id": "01a1fc26-9c22-77a0-afb5-56bc6ebf1558", "name": "Dr. Ada", "affiliation": "owner" } },
    });
    let mut group = criterion.benchmark_group("tokens");
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let key = SigningKey::make(algorithm).expect("there is randomness");
        group.bench_function(format!("sign with {algorithm}"), |bencher| {
            bencher.iter(|| key.sign(&kid, black_box(&claims)));
        });
    }
    group.finish();
}

criterion_group!(pure, deciding, reading_names, hashing_credentials, signing_tokens);
criterion_main!(pure);
