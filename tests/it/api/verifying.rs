//! Room tokens are looked at and revoked. It is nine o'clock on Tuesday, 1 December 2026.

use chrono::{DateTime, TimeDelta, Utc};
use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::actions::sweep::sweep;
use frontdesk::config::RetentionConfig;
use frontdesk::reservation::{Scope, TokenId};
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use frontdesk::store::signing_keys;
use frontdesk::token::VerifierKind;
use serde_json::{Value, json};

use super::client::{Answer, Client, hours};
use super::forge::Signer;
use super::tokens::{RSA, active, key, settings, signing};
use crate::world::World;

async fn verify(app: &Client, token: &Answer) -> Answer {
    look(app, json!({ "token": token.body["token"] })).await
}

async fn look(app: &Client, body: Value) -> Answer {
    let seen = app.post("/v1/tokens/verify", body).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let problems = seen.body["problems"].as_array().unwrap();
    assert_eq!(seen.body["valid"], problems.is_empty(), "{seen:?}");
    seen
}

fn problems(seen: &Answer) -> Vec<&str> {
    let all = seen.body["problems"].as_array().unwrap().iter();
    all.map(|problem| problem["code"].as_str().unwrap()).collect()
}

/// What a verifier says.
fn verdict<'a>(seen: &'a Answer, verifier: &str) -> &'a Value {
    let mut all = seen.body["verifiers"].as_array().unwrap().iter();
    all.find(|verdict| verdict["verifier"] == verifier).unwrap()
}

/// A token for somebody who is expected at ten.
async fn token(app: &Client, appointment: &Answer, who: &str) -> Answer {
    let path = format!("/v1/appointments/{}/tokens", appointment.id());
    let made = app.post(&path, json!({ "participant": who })).await;
    assert_eq!(made.status, 201, "{made:?}");
    made
}

async fn booked(app: &Client, room: &str) -> Answer {
    let mut body = hours(room, "10:00", "11:00");
    body["participants"] = json!([
        { "role": "host", "name": "Ada", "external_id": "ada" },
        { "role": "participant", "name": "Bob", "external_id": "bob" },
    ]);
    app.post("/v1/appointments", body).await
}

#[tokio::test]
async fn a_token_is_good_within_its_time_and_for_its_room() {
    let (world, app, key) = signing().await;
    let made = token(&app, &booked(&app, "Grüße Raum").await, "ada").await;
    assert_eq!(problems(&verify(&app, &made).await), ["not_yet_valid"]);
    world.stand_at("2026-12-01T09:55:00Z");
    let seen = verify(&app, &made).await;
    assert_eq!((problems(&seen), &seen.body["claims"]), (vec![], &made.body["claims"]));
    let kid = key.kid.as_str();
    assert_eq!(seen.body["key"], json!({ "kid": kid, "state": "active", "algorithm": "RS256" }));
    assert_eq!(seen.body["expires_at"], "2026-12-01T11:10:00Z");
    assert_eq!(
        (verdict(&seen, "jitsi")["accepts"].clone(), seen.body["revoked_at"].clone()),
        (json!(true), Value::Null)
    );
    assert_eq!(verdict(&seen, "jaas")["accepts"], false);
    for (room, wrong) in
        [("grüße raum", vec![]), ("GR%C3%BC%c3%9FE%20raum", vec![]), ("other", vec!["wrong_room"])]
    {
        let seen = look(&app, json!({ "token": made.body["token"], "room": room })).await;
        assert_eq!(problems(&seen), wrong, "{room}");
        assert_eq!(verdict(&seen, "jitsi")["accepts"], wrong.is_empty(), "{room}");
    }
    world.stand_at("2026-12-01T11:09:59Z");
    assert_eq!(problems(&verify(&app, &made).await), Vec::<&str>::new());
    world.stand_at("2026-12-01T11:10:00Z");
    let late = verify(&app, &made).await;
    assert_eq!((problems(&late), &late.body["claims"]), (vec!["expired"], &made.body["claims"]));
}

#[tokio::test]
async fn a_token_is_good_as_long_as_its_key_and_what_it_was_made_for() {
    let (world, app, key) = signing().await;
    let made = token(&app, &booked(&app, "room").await, "ada").await;
    world.stand_at("2026-12-01T10:00:00Z");
    settings(&world, |settings| settings.issuer = "somebody".parse().unwrap()).await;
    assert_eq!(problems(&verify(&app, &made).await), ["wrong_issuer"]);
    settings(&world, |settings| settings.issuer = "frontdesk".parse().unwrap()).await;
    let mut db = world.db().acquire().await.unwrap();
    signing_keys::retire(&mut db, key.id, world.clock.now()).await.unwrap();
    let seen = verify(&app, &made).await;
    assert_eq!((problems(&seen), &seen.body["key"]["state"]), (vec![], &json!("retired")));
    signing_keys::withdraw(&mut db, key.id, world.clock.now()).await.unwrap();
    let seen = verify(&app, &made).await;
    assert_eq!((problems(&seen), &seen.body["key"]["state"]), (vec!["withdrawn_key"], &json!("withdrawn")));
    assert_eq!(seen.body["claims"], Value::Null);
}

#[tokio::test]
async fn every_algorithm_is_verified_also_with_a_secret_that_is_retired() {
    let (world, app, _) = signing().await;
    let booked = booked(&app, "room").await;
    world.stand_at("2026-12-01T10:00:00Z");
    for algorithm in
        [Algorithm::Rs512, Algorithm::Hs256, Algorithm::Hs512, Algorithm::Es256, Algorithm::EdDsa]
    {
        let own = key(&world, &KeyOwner::Tenant("acme".parse().unwrap()), algorithm).await;
        settings(&world, |settings| {
            settings.algorithm = algorithm;
            settings.verifier = VerifierKind::Other;
        })
        .await;
        let made = token(&app, &booked, "bob").await;
        let mut db = world.db().acquire().await.unwrap();
        signing_keys::retire(&mut db, own.id, world.clock.now()).await.unwrap();
        let seen = verify(&app, &made).await;
        assert_eq!((problems(&seen), &seen.body["key"]["algorithm"]), (vec![], &json!(algorithm.as_str())));
        let jitsi = matches!(algorithm, Algorithm::Rs512 | Algorithm::Hs256 | Algorithm::Hs512);
        assert_eq!(verdict(&seen, "jitsi")["accepts"], jitsi, "{algorithm}");
    }
}

#[tokio::test]
async fn what_others_signed_is_told_apart_for_verifiers_and_shown_to_nobody() {
    let (world, app, _) = signing().await;
    world
        .tenant("other", |policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap()))
        .await;
    let other = Client::of(&world, "other").await;
    let made = token(&other, &booked(&other, "room").await, "ada").await;
    world.stand_at("2026-12-01T10:00:00Z");
    assert_eq!(problems(&verify(&other, &made).await), Vec::<&str>::new());
    // The same key signs for both.
    let seen = verify(&app, &made).await;
    assert_eq!(
        (problems(&seen), &seen.body["claims"], &seen.body["expires_at"]),
        (vec!["not_ours"], &Value::Null, &Value::Null)
    );
    let theirs = key(&world, &KeyOwner::Tenant("other".parse().unwrap()), Algorithm::Rs256).await;
    let made = token(&other, &booked(&other, "second").await, "ada").await;
    let seen = verify(&app, &made).await;
    assert_eq!((problems(&seen), &seen.body["key"]), (vec!["unknown_key"], &Value::Null), "{}", theirs.kid);

    // A customer's own code has signed this one.
    let own = json!({
        "iss": "frontdesk", "aud": ["jitsi"], "sub": "meet.example.org", "room": "Grüße",
        "exp": "1796119200", "context": { "user": { "name": null } },
    });
    let token = Signer::rs256(&RSA).token(br#"{"alg":"HS256","typ":"JWT"}"#, own.to_string().as_bytes());
    let seen = look(&app, json!({ "token": token })).await;
    assert_eq!((problems(&seen), &seen.body["claims"]), (vec!["unknown_key"], &Value::Null));
    let said = verdict(&seen, "jitsi").to_string();
    for word in [
        "`alg` has to be `RS256`",
        "an array, and it compares strings",
        "`exp` has to be a number",
        "gr%c3%bc%c3%9fe",
        "`context.user.name` is null",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let nothing = look(&app, json!({ "token": "x" })).await;
    assert_eq!((problems(&nothing), &nothing.body["verifiers"]), (vec!["malformed"], &json!([])));
}

#[tokio::test]
async fn tokens_of_jaas_are_what_jaas_takes() {
    let (world, app, _) = signing().await;
    let app_id = "vpaas-magic-cookie-1fc542";
    let source = KeySource::Import(Imported {
        key: SigningKey::read(Algorithm::Rs256, RSA.clone().into()).unwrap(),
        kid: None,
    });
    let kid = Some(format!("{app_id}/4f4910").parse().unwrap());
    let owner = KeyOwner::Tenant("acme".parse().unwrap());
    let added = add_signing_key(&world.app, &owner, Algorithm::Rs256, source, kid).await.unwrap();
    active(&world, &owner, added).await;
    settings(&world, |settings| {
        settings.verifier = VerifierKind::Jaas;
        settings.subject = Some(app_id.parse().unwrap());
    })
    .await;
    let made = token(&app, &booked(&app, "room").await, "ada").await;
    world.stand_at("2026-12-01T10:00:00Z");
    let seen = verify(&app, &made).await;
    assert_eq!(problems(&seen), Vec::<&str>::new());
    assert_eq!(
        (&verdict(&seen, "jaas")["objections"], &verdict(&seen, "jaas")["remarks"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(verdict(&seen, "jitsi")["accepts"], false);
}

#[tokio::test]
async fn what_a_request_to_look_lacks_is_said() {
    let (world, app, _) = signing().await;
    for (body, pointer) in [
        (json!({}), "/token"),
        (json!({ "token": null }), "/token"),
        (json!({ "token": 7 }), "/token"),
        (json!({ "token": "x", "room": "" }), "/room"),
        (json!({ "token": "x", "at": 1 }), "/at"),
    ] {
        let refused = app.post("/v1/tokens/verify", body).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
    let reader = Client::with(&world, "acme", &[Scope::AppointmentsRead, Scope::ConferencesRead]).await;
    assert_eq!(reader.post("/v1/tokens/verify", json!({ "token": "x" })).await.code(), "insufficient_scope");
}

#[tokio::test]
async fn a_revoked_token_is_revoked_at_once_at_every_replica_and_no_other_is() {
    let (world, app, _) = signing().await;
    let booked = booked(&app, "room").await;
    let (first, second) = (token(&app, &booked, "ada").await, token(&app, &booked, "ada").await);
    world.stand_at("2026-12-01T10:00:00Z");
    let replica = World::replica_of(&world);
    let there = app.at(&replica);
    let path = format!("/v1/tokens/{}", first.id());
    let revoked = app.delete(&path).await;
    assert_eq!((revoked.status, &revoked.body["token"]), (200, &json!(first.id())), "{revoked:?}");
    assert_eq!(revoked.body["revoked_at"], "2026-12-01T10:00:00Z");
    assert!(revoked.body["does_not_reach"].to_string().contains("Jitsi"), "{revoked:?}");
    assert!(revoked.body["remembered_until"].as_str().unwrap() >= "2026-12-01T11:10:00Z", "{revoked:?}");
    for app in [&app, &there] {
        let seen = verify(app, &first).await;
        assert_eq!(
            (problems(&seen), &seen.body["revoked_at"]),
            (vec!["revoked"], &revoked.body["revoked_at"])
        );
        assert_eq!(problems(&verify(app, &second).await), Vec::<&str>::new());
    }
    world.advance(TimeDelta::minutes(1));
    let again = app.delete(&path).await;
    assert_eq!(
        (again.status, &again.body["revoked_at"]),
        (200, &revoked.body["revoked_at"]),
        "it may be repeated"
    );
    assert!(again.body["remembered_until"].as_str() > revoked.body["remembered_until"].as_str(), "{again:?}");
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM token_revocations").fetch_one(world.db()).await.unwrap();
    assert_eq!(rows, 1);
    assert_eq!(
        verify(&app, &first).await.body["revoked_at"],
        revoked.body["revoked_at"],
        "since the first time"
    );
}

#[tokio::test]
async fn what_was_made_for_an_appointment_until_now_is_revoked_and_what_is_made_later_is_not() {
    let (world, app, _) = signing().await;
    world.stand_at("2026-12-01T10:00:00Z");
    let (one, two) = (booked(&app, "one").await, booked(&app, "two").await);
    let (ada, bob, other) =
        (token(&app, &one, "ada").await, token(&app, &one, "bob").await, token(&app, &two, "ada").await);
    let path = format!("/v1/appointments/{}/tokens", one.id());
    let guest = app.post(&path, json!({})).await;
    let good = async |made: &Answer| problems(&verify(&app, made).await).is_empty();

    let revoked = app.delete(&format!("{path}?participant=bob")).await;
    assert_eq!((revoked.status, &revoked.body["participant"]), (200, &one.body["participants"][1]["id"]));
    assert!(good(&ada).await && good(&guest).await && good(&other).await && !good(&bob).await);
    // Not a second later: a millisecond.
    world.advance(TimeDelta::milliseconds(1));
    let bob = token(&app, &one, "bob").await;
    assert!(good(&bob).await);

    let revoked = app.delete(&path).await;
    assert_eq!((revoked.status, &revoked.body["participant"]), (200, &Value::Null));
    assert!(!good(&ada).await && !good(&guest).await && !good(&bob).await && good(&other).await);
    world.advance(TimeDelta::milliseconds(1));
    assert!(good(&token(&app, &one, "ada").await).await);

    for who in ["nobody", "carol@example.org"] {
        assert_eq!(app.delete(&format!("{path}?participant={who}")).await.code(), "not_found");
    }
    let refused = app.delete(&format!("{path}?participants=bob")).await;
    assert_eq!((refused.status, refused.pointers()), (422, vec!["participants"]));
}

#[tokio::test]
async fn who_is_expected_no_more_and_what_is_cancelled_can_have_their_tokens_revoked() {
    let (world, app, _) = signing().await;
    world.stand_at("2026-12-01T10:00:00Z");
    let booked = booked(&app, "room").await;
    let (ada, bob) = (token(&app, &booked, "ada").await, token(&app, &booked, "bob").await);
    let appointment = format!("/v1/appointments/{}", booked.id());
    let left = json!({ "participants": [booked.body["participants"][0]] });
    assert_eq!(app.patch(&appointment, left).await.status, 200);
    assert_eq!(
        problems(&verify(&app, &bob).await),
        Vec::<&str>::new(),
        "it is not looked up who is expected"
    );
    let was = booked.body["participants"][1]["id"].as_str().unwrap();
    assert_eq!(app.delete(&format!("{appointment}/tokens?participant={was}")).await.status, 200);
    assert_eq!(problems(&verify(&app, &bob).await), ["revoked"]);
    assert_eq!(app.delete(&appointment).await.status, 200);
    assert_eq!(
        problems(&verify(&app, &ada).await),
        Vec::<&str>::new(),
        "the room does not open; the token is good"
    );
    assert_eq!(app.delete(&format!("{appointment}/tokens")).await.status, 200);
    assert_eq!(problems(&verify(&app, &ada).await), ["revoked"]);
}

#[tokio::test]
async fn a_token_that_claims_to_be_from_the_future_is_revoked_with_the_others() {
    let (world, app, key) = signing().await;
    world.stand_at("2026-12-01T10:00:00Z");
    let booked = booked(&app, "room").await;
    let made = token(&app, &booked, "ada").await;
    // Whoever has the key as well can call a token as they like.
    let signer = SigningKey::read(Algorithm::Rs256, RSA.clone().into()).unwrap();
    let forged = |iat: Option<&str>| {
        let mut claims = made.body["claims"].clone();
        let tomorrow = TokenId::made(world.app.clock.now() + TimeDelta::days(1));
        claims["jti"] = json!(tomorrow.to_string());
        match iat {
            None => drop(claims.as_object_mut().unwrap().remove("iat")),
            Some(iat) => claims["iat"] = json!(iat.parse::<DateTime<Utc>>().unwrap().timestamp()),
        }
        signer.sign(&key.kid, &claims).unwrap()
    };
    let (before, never) = (forged(Some("2026-12-01T10:00:00Z")), forged(None));
    let is_revoked = async |token: &str| {
        let seen = look(&app, json!({ "token": token })).await;
        assert!(["", "revoked"].contains(&problems(&seen).join(" ").as_str()), "{seen:?}");
        seen.body["valid"] == false
    };
    assert!(!is_revoked(&before).await);
    world.advance(TimeDelta::minutes(1));
    app.delete(&format!("/v1/appointments/{}/tokens", booked.id())).await;
    let after = forged(Some("2026-12-01T10:01:01Z"));
    assert!(is_revoked(&before).await && is_revoked(&never).await && !is_revoked(&after).await);
}

#[tokio::test]
async fn another_tenant_s_revocation_is_about_nothing_here() {
    let (world, app, _) = signing().await;
    world
        .tenant("other", |policy| policy.meeting_url = Some("https://meet.example.org".parse().unwrap()))
        .await;
    let other = Client::of(&world, "other").await;
    world.stand_at("2026-12-01T10:00:00Z");
    let booked = booked(&app, "room").await;
    let made = token(&app, &booked, "ada").await;
    assert_eq!(other.delete(&format!("/v1/tokens/{}", made.id())).await.status, 200);
    assert_eq!(other.delete(&format!("/v1/appointments/{}/tokens", booked.id())).await.status, 404);
    assert_eq!(problems(&verify(&app, &made).await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_revocation_is_forgotten_when_all_it_is_about_has_expired() {
    let (world, app, _) = signing().await;
    world.stand_at("2026-12-01T10:00:00Z");
    let made = token(&app, &booked(&app, "room").await, "ada").await;
    app.delete(&format!("/v1/tokens/{}", made.id())).await;
    let kept = async || -> i64 {
        let day = std::time::Duration::from_hours(24 * 365);
        sweep(&world.app, RetentionConfig { conferences: day, refusals: day }).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM token_revocations").fetch_one(world.db()).await.unwrap()
    };
    assert_eq!(kept().await, 1);
    world.stand_at("2026-12-01T11:09:59Z");
    assert_eq!(kept().await, 1);
    // No token is good for longer than a week, and one may be on its way.
    world.stand_at("2026-12-08T09:59:59Z");
    assert_eq!(kept().await, 1);
    world.stand_at("2026-12-08T10:00:00Z");
    assert_eq!(kept().await, 0);
    assert_eq!(problems(&verify(&app, &made).await), ["expired"]);
}
