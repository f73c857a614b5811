//! A tenant that is taken out, and away.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use frontdesk::actions::add_app::add_app;
use frontdesk::actions::app_credentials::{NewSigningKey, add_app_credential, add_signing_key};
use frontdesk::actions::book::{book, book_in};
use frontdesk::actions::branding::{BrandChange, change_brand};
use frontdesk::actions::change_appointment::Patch;
use frontdesk::actions::change_server::{ServerChange, change_server};
use frontdesk::actions::dialect_settings::change_dialect_settings;
use frontdesk::actions::export_tenant::{ExportError, export_tenant};
use frontdesk::actions::feeds::add_feed;
use frontdesk::actions::import_calendar::{Import, import_calendar};
use frontdesk::actions::once::{OnceError, once};
use frontdesk::actions::remove_tenant::{RemoveTenantError, remove_tenant};
use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key as add_token_key};
use frontdesk::ical;
use frontdesk::reservation::wording::Language;
use frontdesk::reservation::{
    Dialect, Dialects, FeedOf, Participant, ParticipantId, Reason, Role, Scopes, TenantName,
};
use frontdesk::signing::Algorithm;
use frontdesk::store::idempotency::OnceKey;
use frontdesk::store::refusals::{self, RefusalRecord};
use frontdesk::store::removal::{self, Counts};
use frontdesk::store::{StoreError, servers, tenants, token_settings};
use frontdesk::token::TokenSettings;
use frontdesk::view::ExportView;
use futures_util::future::join_all;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _};
use uuid::Uuid;

use crate::live::granted;
use crate::world::World;

fn acme() -> TenantName {
    "acme".parse().unwrap()
}

/// How many rows each table has that belongs to tenants, of the tenant.
async fn rows(world: &World, tenant: Uuid) -> BTreeMap<String, i64> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.columns
         WHERE table_schema = 'public' AND column_name = 'tenant_id'",
    )
    .fetch_all(world.db())
    .await
    .unwrap();
    let mut rows = BTreeMap::new();
    for table in tables {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE tenant_id = $1"));
        let count = sqlx::query_scalar(count).bind(tenant).fetch_one(world.db()).await.unwrap();
        rows.insert(table, count);
    }
    rows
}

/// A world in which `acme` has something in every table; with its server's credential.
async fn furnished() -> (World, String) {
    let world = World::new().await;
    world.tenant("globex", |policy| policy.unscheduled.allow = true).await;
    let own = world.server("own").await;
    world.server_for("both", "globex", &["acme"], false).await;
    for (room, start) in [("standup", 0), ("retro", 600)] {
        let booked = world
            .book_with(room, start, start + 60, |booking| {
                booking.password = Some("correct horse".parse().unwrap());
                booking.participants = vec![Participant {
                    id: ParticipantId::new(),
                    role: Role::Host,
                    name: Some("Ada".parse().unwrap()),
                    email: None,
                    external_id: None,
                }];
            })
            .await;
        world.alias(&booked, "their own secret").await;
    }
    granted(&world, &own, "standup").await;
    let speaks = |dialects: &mut Dialects| dialects.spoken = [Dialect::Datagram].into();
    change_dialect_settings(&world.app, &acme(), speaks).await.unwrap();
    let file = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nDTSTART:20261210T100000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR";
    let import = Import {
        tenant: acme(),
        app: None,
        calendar: "clinic".parse().unwrap(),
        file: ical::read(file.as_bytes(), Tz::UTC).unwrap(),
        room: None,
        complete: false,
    };
    assert_eq!(import_calendar(&world.app, &import).await.unwrap().events.len(), 1);
    let calendar = add_app(&world.app, &acme(), "calendar".to_owned(), Scopes::usual()).await.unwrap();
    add_app_credential(&world.app, &acme(), "calendar").await.unwrap();
    add_signing_key(&world.app, &acme(), "calendar", &NewSigningKey::Secret, None).await.unwrap();
    let owner = KeyOwner::Tenant(acme());
    add_token_key(&world.app, &owner, Algorithm::Es256, KeySource::Make, None).await.unwrap();
    add_feed(&world.app, &acme(), FeedOf::Tenant, "All".parse().unwrap()).await.unwrap();
    let named =
        BrandChange { display_name: Patch::Set("Acme Clinic".parse().unwrap()), ..Default::default() };
    change_brand(&world.app, &acme(), named).await.unwrap();
    let mut db = world.db().acquire().await.unwrap();
    let tenant = tenants::by_name(&mut db, &acme()).await.unwrap().unwrap().id;
    token_settings::put(&mut db, tenant, &TokenSettings::default()).await.unwrap();
    sqlx::query("INSERT INTO token_revocations (tenant_id, id, token_id, revoked_at, ends_at) VALUES ($1, $2, $2, $3, $3)")
        .bind(Uuid::from(tenant))
        .bind(Uuid::now_v7())
        .bind(world.clock.now())
        .execute(&mut *db)
        .await
        .unwrap();
    let refusal = RefusalRecord {
        id: Uuid::now_v7(),
        tenant: tenants::by_name(&mut db, &acme()).await.unwrap().unwrap().id,
        server: servers::by_name(&mut db, "own").await.unwrap().unwrap().server.id,
        node: "nowhere".parse().unwrap(),
        reason: Reason::UnknownRoom,
        language: Language::En,
        time_zone: Tz::UTC,
        refused_at: world.clock.now(),
    };
    let key = OnceKey { tenant: refusal.tenant, app: calendar.app.id, key: [1; 32], request: [2; 32] };
    let answered: Result<_, Unanswered> = once(&world.app, Some(&key), async |_| Ok(b"done".to_vec())).await;
    assert!(!answered.unwrap().replayed);
    refusals::insert(&mut db, &[refusal]).await.unwrap();
    (world, own)
}

/// Why something was not done once.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Once(#[from] OnceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn tenant_id(world: &World) -> Uuid {
    let mut db = world.db().acquire().await.unwrap();
    tenants::by_name(&mut db, &acme()).await.unwrap().unwrap().id.into()
}

#[tokio::test]
async fn a_removed_tenant_leaves_no_row_in_any_table_and_is_counted() {
    let (world, own) = furnished().await;
    let tenant = tenant_id(&world).await;
    for (table, count) in rows(&world, tenant).await {
        assert!(count > 0, "this test puts nothing into {table}");
    }
    let removed = remove_tenant(&world.app, &acme(), true).await.unwrap();
    let counts = Counts {
        appointments: 3,
        occurrences: 3,
        participants: 2,
        conferences: 1,
        refusals: 1,
        apps: 1,
        app_credentials: 2,
        app_signing_keys: 1,
        signing_keys: 1,
        feeds: 1,
        join_links: 5,
        aliases: 2,
        servers: 1,
        server_credentials: 1,
    };
    assert_eq!((Uuid::from(removed.tenant.id), removed.counts), (tenant, counts));
    for (table, count) in rows(&world, tenant).await {
        assert_eq!(count, 0, "{table}");
    }
    assert_eq!(world.ask(&own, "standup").await.status, 401, "its server went with it");
    let mut db = world.db().acquire().await.unwrap();
    let names: Vec<_> = servers::list(&mut db).await.unwrap().into_iter().map(|server| server.name).collect();
    assert_eq!(names, ["both"]);
    let again = remove_tenant(&world.app, &acme(), true).await.unwrap_err();
    assert!(matches!(again, RemoveTenantError::Unknown(_)), "{again:?}");
}

#[tokio::test]
async fn a_tenant_with_an_open_room_is_removed_by_force_only() {
    let (world, _) = furnished().await;
    let tenant = tenant_id(&world).await;
    let before = rows(&world, tenant).await;
    let refused = remove_tenant(&world.app, &acme(), false).await.unwrap_err();
    assert!(matches!(refused, RemoveTenantError::Live { conferences: 1, .. }), "{refused:?}");
    assert_eq!(rows(&world, tenant).await, before);
    // Nobody closed it, but its time is over.
    world.advance(TimeDelta::hours(2));
    remove_tenant(&world.app, &acme(), false).await.unwrap();
}

#[tokio::test]
async fn a_tenant_does_not_take_a_server_with_it_that_others_use_or_used() {
    let world = World::new().await;
    world.tenant("globex", |policy| policy.unscheduled.allow = true).await;
    let server = world.server_for("main", "acme", &["globex"], false).await;
    let refused = async || {
        let refused = remove_tenant(&world.app, &acme(), true).await.unwrap_err();
        assert!(refused.to_string().contains("the conference server `main`"), "{refused}");
        assert!(matches!(refused, RemoveTenantError::SharedServer { .. }), "{refused:?}");
    };
    refused().await;
    let all =
        ServerChange { other_tenants: Some(Vec::new()), serves_all: Some(true), ..ServerChange::default() };
    change_server(&world.app, "main", all).await.unwrap();
    refused().await;
    granted(&world, &server, "[globex]room").await;
    let own = ServerChange { serves_all: Some(false), ..ServerChange::default() };
    change_server(&world.app, "main", own).await.unwrap();
    refused().await;
    let other = ServerChange { default_tenant: Some("globex".parse().unwrap()), ..ServerChange::default() };
    change_server(&world.app, "main", other).await.unwrap();
    remove_tenant(&world.app, &acme(), true).await.unwrap();
    granted(&world, &server, "other").await;
}

#[tokio::test]
async fn a_booking_that_commits_while_its_tenant_is_being_removed_goes_with_it() {
    let (world, _) = furnished().await;
    let tenant = tenant_id(&world).await;
    let mut db = world.db().acquire().await.unwrap();
    let mut late = db.begin().await.unwrap();
    book_in(&world.app, &mut late, world.booking("late", 60, 120)).await.unwrap();
    let commit = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(world.db()).await.unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        late.commit().await.unwrap();
    };
    let acme = acme();
    let (removed, ()) = tokio::join!(remove_tenant(&world.app, &acme, true), commit);
    assert_eq!(removed.unwrap().counts.appointments, 4);
    for (table, count) in rows(&world, tenant).await {
        assert_eq!(count, 0, "{table}");
    }
}

#[tokio::test]
async fn what_comes_in_while_a_tenant_is_removed_goes_with_it_or_finds_it_gone() {
    let mut removed_from = Vec::new();
    for round in 0..5 {
        let (world, own) = furnished().await;
        let tenant = tenant_id(&world).await;
        let (app, acme) = (&world.app, &acme());
        let work = join_all((0..8).map(async |nth| {
            let booking = world.booking(&format!("room{nth}"), 0, 60);
            match nth % 4 {
                0 => drop(book(app, booking).await),
                1 => drop(add_app(app, acme, format!("app{nth}"), Scopes::default()).await),
                2 => drop(add_signing_key(app, acme, "calendar", &NewSigningKey::Secret, None).await),
                _ => drop(world.ask(&own, "retro").await),
            }
        }));
        let remove = async {
            tokio::time::sleep(Duration::from_millis(round)).await;
            remove_tenant(app, acme, true).await
        };
        let (_, removed) = tokio::join!(work, remove);
        removed.unwrap();
        removed_from.push((world, tenant));
    }
    // Refusals are written down twice a second.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for (world, tenant) in removed_from {
        for (table, count) in rows(&world, tenant).await {
            assert_eq!(count, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn the_doctor_removes_a_tenant_with_everything_of_it_and_nothing_else() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let both = world.server_for("both", "globex", &["acme"], false).await;
    let own = world.server_for("own", "acme", &["globex"], false).await;
    world.book("standup", 0, 60).await;
    assert_eq!(world.ask(&own, "standup").await.status, 200);
    let mut db = world.app.db.acquire().await.unwrap();
    let acme = tenants::by_name(&mut db, &acme()).await.unwrap().unwrap();
    removal::remove_tenant(&mut db, acme.id).await.unwrap();
    assert_eq!(world.ask(&own, "standup").await.status, 401);
    assert_eq!(world.ask(&both, "standup").await.status, 404, "the other tenant's server is as it was");
}

/// Everything that an export says, line by line.
async fn export(world: &World, with_passwords: bool) -> Vec<Value> {
    let mut export = export_tenant(&world.app, &acme(), with_passwords).await.unwrap();
    let mut lines = Vec::new();
    while let Some(page) = export.page(&world.app).await.unwrap() {
        assert!(page.len() <= 200, "a page of {}", page.len());
        let views = page.iter().map(|exported| ExportView::new(export.tenant(), exported, export.began()));
        lines.extend(views.map(|view| serde_json::to_value(view).unwrap()));
    }
    lines
}

#[tokio::test]
async fn an_export_has_everything_of_the_tenant_and_nothing_of_others() {
    let (world, _) = furnished().await;
    let globex = "globex".parse().unwrap();
    add_app(&world.app, &globex, "theirs".to_owned(), Scopes::default()).await.unwrap();
    book(&world.app, frontdesk::actions::book::Booking { tenant: globex, ..world.booking("theirs", 0, 60) })
        .await
        .unwrap();
    let lines = export(&world, false).await;
    let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "tenant",
            "settings",
            "app",
            "server",
            "server",
            "feed",
            "appointment",
            "appointment",
            "appointment",
            "conference",
            "refusal"
        ]
    );
    assert_eq!(lines[0]["name"], "acme");
    assert_eq!(lines[1]["token_settings"]["verifier"], "jitsi");
    assert!(lines[1]["brand"].is_object() && lines[1]["dialects"]["spoken"].is_array(), "{}", lines[1]);
    assert_eq!(
        (&lines[2]["name"], &lines[3]["name"], &lines[4]["name"]),
        (&"calendar".into(), &"own".into(), &"both".into())
    );
    assert_eq!((&lines[5]["label"], &lines[5]["all"]), (&"All".into(), &true.into()));
    assert_eq!((&lines[6]["room"], &lines[6]["has_password"]), (&"standup".into(), &true.into()));
    assert_eq!(lines[6]["occurrences"][0]["starts"], "2026-12-01T09:00:00Z");
    assert_eq!(lines[7]["occurrences"].as_array().unwrap().len(), 1);
    assert_eq!(lines[9]["appointment"], lines[6]["id"]);
    assert_eq!(lines[10]["reason"], "unknown_room");
    let text = serde_json::to_string(&lines).unwrap();
    for secret in ["correct horse", "fd_", "theirs", "\"password\""] {
        assert!(!text.contains(secret), "{secret}");
    }
    let in_clear = export(&world, true).await;
    assert_eq!(in_clear[7]["password"], "correct horse");
    let unknown = export_tenant(&world.app, &"gone".parse().unwrap(), false).await.unwrap_err();
    assert!(matches!(unknown, ExportError::Unknown(_)), "{unknown:?}");
}

#[tokio::test]
async fn an_export_of_many_pages_has_each_thing_once() {
    let world = World::new().await;
    for day in 0..450 {
        world.book("standup", day * 60, day * 60 + 60).await;
    }
    let lines = export(&world, false).await;
    let mut starts: Vec<_> = lines
        .iter()
        .filter(|line| line["kind"] == "appointment")
        .map(|line| line["starts"].to_string())
        .collect();
    assert_eq!(starts.len(), 450);
    starts.sort();
    starts.dedup();
    assert_eq!(starts.len(), 450);
    assert!(lines.iter().skip(2).all(|line| line["occurrences"].as_array().unwrap().len() == 1));
}
