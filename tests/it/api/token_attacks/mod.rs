//! Tokens that somebody made up, at every door: where apps say who they are, where room tokens are looked at, and where
//! conference servers ask.

mod claims;
mod table;

use frontdesk::actions::add_app::add_app;
use frontdesk::actions::add_tenant::add_tenant;
use frontdesk::actions::app_credentials::{NewSigningKey, add_signing_key as add_app_key};
use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::app::App;
use frontdesk::clock::Clock;
use frontdesk::reservation::{Policy, Scopes, TenantName};
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use frontdesk::store::signing_keys::SigningKeyRecord;
use frontdesk::store::tenants;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use self::claims::{at_the_api, at_the_rooms};
use self::table::{Attack, Door, attacks};
use super::client::{Answer, send};
use super::forge::{Signer, Text};
use super::tokens::RSA;
use crate::rig::{Frontdesk, Setup, hands_on};
use crate::world;

fn acme() -> TenantName {
    "acme".parse().unwrap()
}

/// A Frontdesk that writes down everything, with two tenants that share the deployment's key, and an app.
struct Doors {
    app: App,
    frontdesk: Frontdesk,
    _setup: Setup,
    http: reqwest::Client,
    /// The app's credential.
    credential: String,
    /// What its own tokens are made of.
    api: Door,
    /// What room tokens are made of.
    rooms: Door,
    /// Each token that was sent.
    sent: Vec<String>,
}

async fn key(app: &App, owner: &KeyOwner, algorithm: Algorithm, kid: &str) -> SigningKeyRecord {
    let key = match algorithm {
        Algorithm::Rs256 => SigningKey::read(algorithm, RSA.clone().into()).unwrap(),
        _ => SigningKey::make(algorithm).unwrap(),
    };
    let source = KeySource::Import(Imported { key, kid: None });
    add_signing_key(app, owner, algorithm, source, Some(kid.parse().unwrap())).await.unwrap()
}

impl Doors {
    async fn new() -> Self {
        let (_, options) = world::database().await;
        let app = hands_on(&options);
        for tenant in ["acme", "other"] {
            let meeting_url = Some("https://meet.test".parse().unwrap());
            let policy = Policy { meeting_url, ..Policy::default() };
            add_tenant(&app, tenant.parse().unwrap(), policy).await.unwrap();
        }
        let shared = key(&app, &KeyOwner::Deployment, Algorithm::Rs256, "shared").await;
        let added = add_app(&app, &acme(), "calendar".to_owned(), Scopes::usual()).await.unwrap();
        let public = shared.public.clone().unwrap();
        let own = NewSigningKey::Public(public.as_pem().parse().unwrap());
        add_app_key(&app, &acme(), "calendar", &own, None).await.unwrap();
        let now = Clock::system().now().timestamp();
        let id = |tenant: &str| {
            let tenant: TenantName = tenant.parse().unwrap();
            let app = &app;
            async move {
                let mut db = app.db.acquire().await.unwrap();
                tenants::by_name(&mut db, &tenant).await.unwrap().unwrap().id
            }
        };
        let (acme, other) = (id("acme").await, id("other").await);
        let door = |header: Text, claims: Text| Door {
            header,
            claims,
            signer: Signer::rs256(&RSA),
            pem: public.as_pem().to_owned(),
            jwk: json!(public.jwk(Some(&shared.kid)).unwrap()).to_string(),
            now,
        };
        let header = Text::new([("typ", "\"JWT\"".into()), ("alg", "\"RS256\"".into())]);
        let api = door(
            header.clone(),
            Text::new([("app", json!(added.app.id).to_string()), ("exp", (now + 3600).to_string())]),
        );
        let ours = |tenant| json!({ "tenant": tenant }).to_string();
        let claims = Text::new([
            ("iss", "\"frontdesk\"".into()),
            ("aud", "\"jitsi\"".into()),
            ("sub", "\"meet.test\"".into()),
            ("room", "\"standup\"".into()),
            ("exp", (now + 3600).to_string()),
            ("jti", json!(uuid::Uuid::now_v7()).to_string()),
            ("frontdesk", ours(acme)),
        ]);
        let rooms = door(header.and("kid", "\"shared\""), claims);
        let mut setup = Setup::remote(&options);
        setup.set("FRONTDESK_LOG_FILTER", "trace");
        setup.set("FRONTDESK_API_REQUESTS_PER_MINUTE", "100000");
        setup.set("FRONTDESK_TRUSTED_PROXIES", "127.0.0.1");
        let frontdesk = setup.serve().await;
        let credential = added.credential.expose().to_owned();
        let http = reqwest::Client::new();
        let theirs = rooms.signed(&rooms.header, &rooms.claims.with("frontdesk", &ours(other)));
        let mut doors =
            Self { app, frontdesk, _setup: setup, http, credential, api, rooms, sent: Vec::new() };
        doors.good().await;
        let answer = doors.look_at(&theirs).await;
        assert_eq!((problems(&answer), &answer.body["claims"]), (vec!["not_ours"], &Value::Null));
        doors
    }

    /// What is attacked is good where nobody tampers with it.
    async fn good(&mut self) {
        let answer = self.look_at(&self.rooms.good()).await;
        assert_eq!(answer.body["valid"], true, "{answer:?}");
        let answer = self.call_with(&self.api.good()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// `POST /v1/tokens/verify`.
    async fn look_at(&mut self, token: &str) -> Answer {
        self.sent.push(token.to_owned());
        let url = format!("{}/v1/tokens/verify", self.frontdesk.url);
        let body = json!({ "token": token, "room": "standup" });
        send(self.http.post(url).bearer_auth(&self.credential).json(&body)).await
    }

    /// Calls as an app that signs its tokens, each time from elsewhere: of what is wrong, an address may try little.
    async fn call_with(&mut self, token: &str) -> Answer {
        self.sent.push(token.to_owned());
        let from = format!("10.0.{}.{}", self.sent.len() / 250, self.sent.len() % 250 + 1);
        let url = format!("{}/v1/appointments", self.frontdesk.url);
        send(self.http.get(url).header("X-Forwarded-For", from).bearer_auth(token)).await
    }

    /// Asks as a conference server.
    async fn ask_with(&mut self, token: &str) -> u16 {
        self.sent.push(token.to_owned());
        let url = format!("{}/conference", self.frontdesk.url);
        let form = [("name", "standup"), ("mail_owner", "someone@meet.test")];
        self.http.post(url).bearer_auth(token).form(&form).send().await.unwrap().status().as_u16()
    }

    /// Nothing of any token that was sent is in the log, but what all of them begin with.
    fn nothing_is_written_down(&self) {
        let log = self.frontdesk.said();
        assert!(log.contains("/v1/tokens/verify"), "{log}");
        for token in &self.sent {
            for part in token.split(['.', '\n', ' ']).filter(|part| part.len() > 8) {
                let part: String = part.chars().take(24).collect();
                assert!(!log.contains(&part), "{part} of {token} is in the log");
            }
        }
    }
}

fn problems(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let all = answer.body["problems"].as_array().unwrap().iter();
    all.map(|problem| problem["code"].as_str().unwrap()).collect()
}

/// What is not as it should be.
async fn as_a_room_token(doors: &mut Doors, attack: &Attack) -> Option<String> {
    let answer = doors.look_at(&attack.token).await;
    let is_refused = problems(&answer) == [attack.code] && answer.body["valid"] == false;
    (!is_refused).then(|| format!("{}: {:?}", attack.name, problems(&answer)))
}

async fn as_a_bearer(doors: &mut Doors, attack: &Attack) -> Option<String> {
    // What can't stand in a header, or means nothing at its end.
    let can_be_sent = HeaderValue::from_str(&attack.token).is_ok() && !attack.token.ends_with(' ');
    let is_visible = attack.token.is_ascii() && !attack.token.is_empty();
    let detail = attack.detail.filter(|_| can_be_sent)?;
    let detail = if is_visible { detail } else { "send `Authorization: Bearer …`" };
    let answer = doors.call_with(&attack.token).await;
    let said = answer.body["detail"].as_str().unwrap_or_default();
    let is_refused = answer.status == 401 && answer.code() == "unauthorized" && said.contains(detail);
    let status = doors.ask_with(&attack.token).await;
    (!is_refused || status != 401).then(|| format!("{}: {status}, {answer:?}", attack.name))
}

#[tokio::test]
async fn what_somebody_made_up_is_refused_at_every_door_and_not_written_down() {
    let mut doors = Doors::new().await;
    let (rooms, api) = (doors.rooms.clone(), doors.api.clone());
    let table = attacks(&rooms);
    assert!(table.len() > 150, "{}", table.len());
    let mut amiss = Vec::new();
    for attack in table.iter().chain(&at_the_rooms(&rooms)) {
        amiss.extend(as_a_room_token(&mut doors, attack).await);
    }
    for attack in attacks(&api).iter().chain(&at_the_api(&api)) {
        amiss.extend(as_a_bearer(&mut doors, attack).await);
    }
    assert!(amiss.is_empty(), "{amiss:#?}");
    doors.good().await;
    doors.nothing_is_written_down();
}

#[tokio::test]
async fn a_token_of_one_kind_is_none_of_the_other() {
    let mut doors = Doors::new().await;
    let (room, bearer) = (doors.rooms.good(), doors.api.good());
    let refused = doors.call_with(&room).await;
    assert_eq!(refused.code(), "unauthorized");
    assert!(refused.body["detail"].as_str().unwrap().contains("lacks the claim `app`"), "{refused:?}");
    let answer = doors.look_at(&bearer).await;
    assert_eq!(problems(&answer), ["unknown_key"]);
    // Also where one names the key of the other, which here is the same.
    let named = doors.api.header.and("kid", "\"shared\"");
    let named = doors.api.signed(&named, &doors.api.claims);
    let answer = doors.look_at(&named).await;
    assert_eq!((problems(&answer), &answer.body["claims"]), (vec!["not_ours"], &Value::Null));
    for token in [room, bearer] {
        assert_eq!(doors.ask_with(&token).await, 401);
    }
}

#[tokio::test]
async fn keys_of_other_kinds_and_of_others_sign_nothing() {
    let mut doors = Doors::new().await;
    let tenant = KeyOwner::Tenant(acme());
    key(&doors.app, &tenant, Algorithm::Hs256, "hs").await;
    key(&doors.app, &tenant, Algorithm::Es256, "es").await;
    key(&doors.app, &tenant, Algorithm::EdDsa, "ed").await;
    key(&doors.app, &KeyOwner::Tenant("other".parse().unwrap()), Algorithm::Rs256, "theirs").await;
    let rooms = doors.rooms.clone();
    let with = |alg: &str, kid: &str| {
        rooms.header.with("alg", &format!("\"{alg}\"")).with("kid", &format!("\"{kid}\"")).to_string()
    };
    let secrets = super::forge::public_forms(&rooms.pem, &rooms.jwk);
    let claims = rooms.claims.to_string();
    let made = |signer: Signer, alg, kid| signer.token(with(alg, kid).as_bytes(), claims.as_bytes());
    let mut table = vec![
        // The name of another kind of key.
        (made(rooms.signer.clone(), "RS256", "hs"), "wrong_algorithm"),
        (made(rooms.signer.clone(), "RS256", "es"), "wrong_algorithm"),
        (made(rooms.signer.clone(), "RS256", "ed"), "wrong_algorithm"),
        (made(rooms.signer.clone(), "ES256", "shared"), "wrong_algorithm"),
        (made(rooms.signer.clone(), "EdDSA", "shared"), "wrong_algorithm"),
        (made(rooms.signer.clone(), "RS256", "theirs"), "unknown_key"),
        // Signatures of nothing.
        (made(Signer::Not(vec![0; 64]), "ES256", "es"), "bad_signature"),
        (made(Signer::Not(vec![0; 64]), "EdDSA", "ed"), "bad_signature"),
        (made(Signer::Not(vec![0; 32]), "HS256", "hs"), "bad_signature"),
        (made(Signer::Not(vec![0; 256]), "RS256", "shared"), "bad_signature"),
        (made(Signer::Not(vec![]), "ES256", "es"), "bad_signature"),
        (made(Signer::Not(vec![0x30, 6, 2, 1, 0, 2, 1, 0]), "ES256", "es"), "bad_signature"),
    ];
    for (alg, kid) in [("ES256", "es"), ("EdDSA", "ed")] {
        let other = SigningKey::make(alg.parse().unwrap()).unwrap().expose().to_vec();
        let signer = if alg == "ES256" { Signer::Es(other) } else { Signer::Ed(other) };
        table.push((made(signer, alg, kid), "bad_signature"));
    }
    for secret in secrets {
        table.push((made(Signer::Hs(secret.clone()), "HS256", "hs"), "bad_signature"));
        table.push((made(Signer::Hs(secret), "HS256", "shared"), "wrong_algorithm"));
    }
    for (token, code) in table {
        let answer = doors.look_at(&token).await;
        assert_eq!(problems(&answer), [code], "{token}");
    }
    doors.nothing_is_written_down();
}
