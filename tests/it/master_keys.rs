//! Master keys: a new one takes over, an old one goes, one is lost.

use chrono::TimeDelta;
use frontdesk::actions::add_app::add_app;
use frontdesk::actions::app_credentials::{NewSigningKey, add_signing_key};
use frontdesk::actions::authenticate::{AuthenticateError, authenticate};
use frontdesk::actions::book::{book, book_in};
use frontdesk::actions::change_appointment::{
    AppointmentChange, Patch, change_appointment, change_appointment_in,
};
use frontdesk::actions::change_date::{change_date, change_date_in};
use frontdesk::actions::forget_master_key::{ForgetError, forget_master_key, what_is_lost};
use frontdesk::actions::master_keys::{MasterKeyState, list_master_keys};
use frontdesk::actions::passwords::{share_keys, unlock};
use frontdesk::actions::reseal::{Resealed, reseal};
use frontdesk::app::App;
use frontdesk::reservation::{Appointment, AppointmentId, Recurrence, Scopes, TenantName};
use frontdesk::seal::{KeyId, MasterKeys};
use frontdesk::signing::Terms;
use frontdesk::store::sealed::{SealedColumn, SealedValue, replace};
use frontdesk::store::{appointments, deployment};
use futures_util::future::join_all;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use crate::api::client::{Client, hours};
use crate::rig::{MASTER_KEY, eventually};
use crate::world::{World, keys, nine_o_clock};

/// The key that comes after [`MASTER_KEY`].
const NEW_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

pub fn old() -> KeyId {
    keys().first_id()
}

pub fn new_only() -> MasterKeys {
    MasterKeys::parse(NEW_KEY).unwrap()
}

/// The new key seals, the old one still opens.
pub fn rotated() -> MasterKeys {
    MasterKeys::parse(&format!("{NEW_KEY}\n{MASTER_KEY}")).unwrap()
}

fn acme() -> TenantName {
    "acme".parse().unwrap()
}

fn password(text: &str) -> AppointmentChange {
    AppointmentChange { password: Patch::Set(text.parse().unwrap()), ..AppointmentChange::default() }
}

async fn book_locked(world: &World, room: &str, starts: i64, ends: i64) -> Appointment {
    world.book_with(room, starts, ends, |booking| booking.password = Some("sesame".parse().unwrap())).await
}

/// Three days with a password, the second with one of its own.
async fn book_series(world: &World, room: &str) -> Appointment {
    let series = world
        .book_with(room, 60, 120, |booking| {
            booking.password = Some("sesame".parse().unwrap());
            let rule = Some("FREQ=DAILY;COUNT=3".parse().unwrap());
            booking.recurrence = Some(Recurrence { rule, ..Recurrence::default() });
        })
        .await;
    let second = series.slot.starts() + TimeDelta::days(1);
    change_date(&world.app, &acme(), series.id, second, None, password("of its own")).await.unwrap();
    series
}

/// The ids that the database asks for.
async fn needed(world: &World) -> Vec<String> {
    deployment::master_keys(&mut world.db().acquire().await.unwrap()).await.unwrap()
}

/// What a key has sealed, as far as it is known.
pub async fn state(world: &World, id: KeyId) -> Option<MasterKeyState> {
    let mut db = world.db().acquire().await.unwrap();
    let all = list_master_keys(&mut db, Some(&world.app.keys)).await.unwrap();
    all.into_iter().find(|key| key.id == id)
}

/// All that lies in the tables with sealed values, but for the blobs.
async fn all_but_blobs(world: &World) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT (to_jsonb(t) - 'password')::text FROM appointments t
         UNION ALL SELECT (to_jsonb(t) - 'password')::text FROM occurrences t
         UNION ALL SELECT (to_jsonb(t) - 'password')::text FROM conferences t
         UNION ALL SELECT (to_jsonb(t) - 'secret')::text FROM app_signing_keys t
         UNION ALL SELECT (to_jsonb(t) - 'answer')::text FROM idempotency_keys t ORDER BY 1",
    )
    .fetch_all(world.db())
    .await
    .unwrap()
}

/// The password of an appointment, opened by that app.
async fn opened(app: &App, id: AppointmentId) -> String {
    let mut db = app.db.acquire().await.unwrap();
    let tenant = frontdesk::store::tenants::by_name(&mut db, &acme()).await.unwrap().unwrap();
    let appointment = appointments::by_id(&mut db, tenant.id, id).await.unwrap().unwrap();
    let password = unlock(&app.keys, tenant.id, Some(id), &appointment.options).unwrap().unwrap();
    secrecy::ExposeSecret::expose_secret(&password).to_owned()
}

/// An app with a token that it signed.
async fn signer(world: &World) -> String {
    let app = add_app(&world.app, &acme(), "signer".to_owned(), Scopes::usual()).await.unwrap();
    let key = add_signing_key(&world.app, &acme(), "signer", &NewSigningKey::Secret, None).await.unwrap();
    let claims = json!({ "app": app.app.id, "exp": world.clock.now().timestamp() + 3600 });
    let secret = EncodingKey::from_secret(key.secret.unwrap().expose().as_bytes());
    encode(&Header::default(), &claims, &secret).unwrap()
}

async fn authenticated(world: &World, token: &str) -> Result<(), AuthenticateError> {
    authenticate(&world.app, &format!("Bearer {token}").parse().unwrap(), Terms::Usual).await.map(drop)
}

/// Waits until so many sessions of that database wait for a lock.
pub async fn so_many_wait(world: &World, sessions: i64) {
    eventually("sessions wait for a lock", async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(world.app.readiness.as_sqlx())
        .await
        .unwrap();
        waiting >= sessions
    })
    .await;
}

fn rows(done: &Resealed) -> Vec<u64> {
    done.rows.values().copied().collect()
}

#[tokio::test]
async fn after_a_rotation_everything_is_served_as_before_and_without_the_old_key() {
    let world = World::new().await;
    let server = world.server("one").await;
    let token = signer(&world).await;
    let app = Client::of(&world, "acme").await;
    let mut input = hours("once", "10:00", "11:00");
    input["generate_password"] = json!(true);
    let answer = app.post_once("/v1/appointments", "k", input.clone()).await;
    assert_eq!(answer.status, 201);
    let open = book_locked(&world, "open", 0, 60).await;
    book_series(&world, "series").await;
    let conference = world.ask(&server, "open").await;
    assert_eq!(conference.body["password"], "sesame");

    let before = all_but_blobs(&world).await;
    let between = World::with_keys(&world, rotated());
    let done = reseal(&between.app).await.unwrap();
    assert_eq!(rows(&done), [3, 5, 1, 1, 1, 1], "{done:?}");
    assert_eq!(done.unreadable, 0);
    let may_go: Vec<_> = done.keys.iter().filter(|key| key.may_go()).map(|key| (key.id, key.line)).collect();
    assert_eq!(may_go, [(old(), Some(2))]);
    assert_eq!(needed(&world).await, [new_only().first_id().to_string()]);
    assert_eq!(all_but_blobs(&world).await, before, "nothing else has changed, no revision either");

    let after = World::with_keys(&world, new_only());
    assert_eq!(after.get(&server, conference.id()).await.body["password"], "sesame");
    after.stand_at("2026-12-02T10:10:00Z");
    assert_eq!(after.ask(&server, "series").await.body["password"], "of its own");
    assert_eq!(opened(&after.app, open.id).await, "sesame");
    after.stand_at("2026-12-01T09:30:00Z");
    authenticated(&after, &token).await.unwrap();
    let again = app.at(&after).post_once("/v1/appointments", "k", input).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.body, answer.body);

    // The copies are still the same: what does not change the password changes no date.
    let titled = AppointmentChange { title: Patch::Set("Title".parse().unwrap()), ..Default::default() };
    change_appointment(&after.app, &acme(), open.id, None, titled).await.unwrap();
    let revisions = sqlx::query_scalar::<_, i64>("SELECT revision FROM occurrences WHERE room = 'open'");
    assert_eq!(revisions.fetch_all(world.db()).await.unwrap(), [1]);
    assert_eq!(rows(&reseal(&after.app).await.unwrap()), [0; 0], "there is nothing left to do");
}

#[tokio::test]
async fn what_was_cut_off_goes_on_where_it_was() {
    let world = World::new().await;
    let between = World::with_keys(&world, rotated());
    let booked =
        join_all((0..50).map(async |n| book_locked(&world, &format!("room-{n}"), 0, 60).await)).await;
    let last = booked.iter().map(|appointment| appointment.id).max().unwrap();
    let mut holder = world.db().begin().await.unwrap();
    sqlx::query("SELECT FROM appointments WHERE id = $1 FOR UPDATE")
        .bind(uuid::Uuid::from(last))
        .execute(&mut *holder)
        .await
        .unwrap();
    tokio::select! {
        done = reseal(&between.app) => panic!("{done:?}"),
        () = so_many_wait(&world, 1) => {}
    }
    holder.rollback().await.unwrap();
    let left = state(&between, old()).await.unwrap();
    assert!(left.needed && left.values[&SealedColumn::AppointmentPassword] == 10, "{left:?}");

    let done = reseal(&between.app).await.unwrap();
    assert_eq!(rows(&done), [10, 10, 0, 1], "{done:?}");
    assert!(state(&between, old()).await.unwrap().may_go());
    assert_eq!(opened(&World::with_keys(&world, new_only()).app, last).await, "sesame");
}

#[tokio::test]
async fn a_password_that_changes_meanwhile_stays_the_changed_one() {
    let world = World::new().await;
    let between = World::with_keys(&world, rotated());
    let appointment = book_locked(&world, "room", 0, 60).await;
    let mut db = between.db().acquire().await.unwrap();
    // Otherwise, one would wait for the other to note the new key.
    share_keys(&mut db, &rotated()).await.unwrap();
    let mut changing = db.begin().await.unwrap();
    change_appointment_in(&between.app, &mut changing, &acme(), appointment.id, None, password("second"))
        .await
        .unwrap();
    let commit = async {
        so_many_wait(&world, 1).await;
        changing.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(reseal(&between.app), commit);
    assert_eq!(rows(&done.unwrap()), [0, 0, 0, 1]);
    assert_eq!(opened(&between.app, appointment.id).await, "second");
}

#[tokio::test]
async fn a_date_that_is_written_back_meanwhile_is_not_left_under_the_old_key() {
    let world = World::new().await;
    let between = World::with_keys(&world, rotated());
    let series = book_series(&world, "room").await;
    change_appointment(&between.app, &acme(), series.id, None, password("another")).await.unwrap();
    let second = series.slot.starts() + TimeDelta::days(1);
    let mut db = between.db().acquire().await.unwrap();
    let mut changing = db.begin().await.unwrap();
    let later = AppointmentChange { starts: Some(second + TimeDelta::hours(2)), ..Default::default() };
    change_date_in(&between.app, &mut changing, &acme(), series.id, second, None, later).await.unwrap();
    let commit = async {
        so_many_wait(&world, 1).await;
        changing.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(reseal(&between.app), commit);
    assert_eq!(rows(&done.unwrap()), [0, 1, 0, 1]);
    assert!(state(&between, old()).await.unwrap().may_go());
}

#[tokio::test]
async fn bookings_changes_and_asks_go_on_while_everything_is_sealed_anew() {
    let world = World::new().await;
    let server = world.server("one").await;
    let between = World::with_keys(&world, rotated());
    let booked =
        join_all((0..60).map(async |n| book_locked(&world, &format!("room-{n}"), 0, 60).await)).await;
    let changes = join_all(booked.iter().step_by(3).enumerate().map(async |(n, appointment)| {
        for text in ["first", "second", "third"] {
            change_appointment(&between.app, &acme(), appointment.id, None, password(text)).await.unwrap();
        }
        book_locked(&between, &format!("new-{n}"), 0, 60).await
    }));
    let asks = join_all((0..60).map(|n| {
        let (between, server) = (&between, &server);
        async move { between.ask_again(server, &format!("room-{n}")).await }
    }));
    let (done, new, asked) = tokio::join!(reseal(&between.app), changes, asks);
    done.unwrap();
    let statuses: Vec<_> = asked.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200; 60]);
    assert!(state(&between, old()).await.unwrap().may_go(), "{:?}", state(&between, old()).await);
    let after = World::with_keys(&world, new_only());
    for (n, appointment) in booked.iter().enumerate() {
        let expected = if n % 3 == 0 { "third" } else { "sesame" };
        assert_eq!(opened(&after.app, appointment.id).await, expected);
        let read = after.get(&server, asked[n].id()).await;
        assert_eq!(read.body["password"], asked[n].body["password"]);
    }
    assert_eq!(opened(&after.app, new[0].id).await, "sesame");
}

/// Seals the rooms' passwords anew, in a transaction that stays open.
async fn resealing(db: &mut PgConnection, keys: &MasterKeys) {
    let column = SealedColumn::AppointmentPassword;
    let all = column.sealed_otherwise(db, keys.first_id(), &SealedValue::default(), 100).await.unwrap();
    let anew = all.into_iter().map(|value| {
        let context = column.context(value.tenant, value.row);
        let blob = frontdesk::seal::Sealed::from_bytes(value.blob.clone());
        let anew = keys.seal(&context, &keys.open(&context, &blob).unwrap());
        (value, anew)
    });
    replace(db, column, &anew.collect::<Vec<_>>()).await.unwrap();
}

#[tokio::test]
async fn a_grant_that_was_decided_before_is_kept_with_the_password_as_it_is_sealed_now() {
    let world = World::new().await;
    let server = world.server("one").await;
    book_locked(&world, "room", 0, 60).await;
    let between = World::with_keys(&world, rotated());
    let mut db = between.db().acquire().await.unwrap();
    let mut transaction = db.begin().await.unwrap();
    resealing(&mut transaction, &rotated()).await;
    let commit = async {
        so_many_wait(&world, 1).await;
        transaction.commit().await.unwrap();
    };
    let (granted, ()) = tokio::join!(between.ask(&server, "room"), commit);
    assert_eq!((granted.status, &granted.body["password"]), (200, &json!("sesame")));
    assert!(!state(&between, old()).await.unwrap().values.contains_key(&SealedColumn::AppointmentPassword));
    let after = World::with_keys(&world, new_only());
    assert_eq!(after.get(&server, granted.id()).await.body["password"], "sesame");
}

#[tokio::test]
async fn a_key_that_is_just_being_sealed_with_stays_needed() {
    let world = World::new().await;
    let between = World::with_keys(&world, rotated());
    book_locked(&world, "before", 0, 60).await;
    // A replica that was not told to seal under the new key.
    let keys = MasterKeys::parse(&format!("{MASTER_KEY}\n{NEW_KEY}")).unwrap();
    let behind = World::with_keys(&world, keys);
    let mut db = behind.db().acquire().await.unwrap();
    let mut booking = db.begin().await.unwrap();
    let mut locked = world.booking("room", 0, 60);
    locked.password = Some("sesame".parse().unwrap());
    let booked = book_in(&behind.app, &mut booking, locked.clone()).await.unwrap();
    let commit = async {
        so_many_wait(&world, 1).await;
        booking.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(reseal(&between.app), commit);
    assert!(!done.unwrap().keys.iter().any(MasterKeyState::may_go));
    assert!(needed(&world).await.contains(&old().to_string()));
    reseal(&between.app).await.unwrap();
    assert_eq!(needed(&world).await, [new_only().first_id().to_string()]);

    // It is noted again as soon as somebody seals with it.
    locked.room = "another".parse().unwrap();
    book(&behind.app, locked).await.unwrap();
    assert!(needed(&world).await.contains(&old().to_string()));
    assert_eq!(opened(&between.app, booked.id).await, "sesame");
}

#[tokio::test]
async fn a_lost_key_is_forgotten_and_nothing_is_open_that_was_shut() {
    let world = World::new().await;
    let server = world.server("one").await;
    let token = signer(&world).await;
    let app = Client::of(&world, "acme").await;
    assert_eq!(app.post_once("/v1/appointments", "k", hours("once", "20:00", "21:00")).await.status, 201);
    let over = book_locked(&world, "over", -120, -60).await;
    let series = book_series(&world, "series").await;
    let open = book_locked(&world, "open", 0, 60).await;
    let granted = world.ask(&server, "open").await;
    world.book("unlocked", 0, 60).await;

    let after = World::with_keys(&world, new_only());
    let (now, here) = (nine_o_clock(), new_only());
    let mut db = world.db().acquire().await.unwrap();
    let before = all_but_blobs(&world).await;
    let told = what_is_lost(&mut db, Some(&here), old(), now).await.unwrap();
    assert_eq!(all_but_blobs(&world).await, before);
    assert_eq!(needed(&world).await, [old().to_string()]);
    let lost = forget_master_key(&mut db, Some(&here), old(), now).await.unwrap();
    assert_eq!((&lost.key, &lost.appointments), (&told.key, &told.appointments));
    let ids: Vec<_> = lost.appointments.iter().map(|lost| lost.id).collect();
    assert_eq!(ids, [open.id, series.id, over.id]);
    assert_eq!((lost.upcoming(), lost.appointments[0].all, lost.appointments[2].next_starts), (2, 3, None));
    assert_eq!(needed(&world).await, [""; 0]);

    assert_eq!(after.get(&server, granted.id()).await.status, 503);
    after.stand_at("2026-12-01T10:10:00Z");
    assert_eq!(after.ask(&server, "series").await.status, 503);
    after.stand_at("2026-12-01T09:10:00Z");
    assert_eq!(after.ask(&server, "unlocked").await.status, 200);
    let refused = authenticated(&after, &token).await;
    assert!(matches!(refused, Err(AuthenticateError::UnknownApp)), "{refused:?}");
    let again = app.at(&after).post_once("/v1/appointments", "k", hours("once", "20:00", "21:00")).await;
    assert_eq!((again.status, again.code()), (409, "room_taken"), "it is done anew");
    change_appointment(&after.app, &acme(), open.id, None, password("another")).await.unwrap();
    assert_eq!(opened(&after.app, open.id).await, "another");
    let done = reseal(&after.app).await.unwrap();
    assert!(done.unreadable > 0 && rows(&done).iter().all(|rows| *rows == 0), "{done:?}");
}

#[tokio::test]
async fn a_key_that_is_not_lost_or_not_known_is_not_forgotten() {
    let world = World::new().await;
    book_locked(&world, "room", 0, 60).await;
    let mut db = world.db().acquire().await.unwrap();
    let refused = forget_master_key(&mut db, Some(&rotated()), old(), nine_o_clock()).await.unwrap_err();
    assert!(matches!(refused, ForgetError::NotLost { line: 2, .. }), "{refused}");
    let unknown = new_only().first_id();
    let refused = forget_master_key(&mut db, Some(&keys()), unknown, nine_o_clock()).await.unwrap_err();
    assert!(matches!(refused, ForgetError::Unknown(id) if id == unknown), "{refused}");
    assert_eq!(needed(&world).await, [old().to_string()]);
}
