//! A Jitsi whose Prosody verifies what Frontdesk mints for two tenants: `main`, whose rooms are those of the domain, and
//! `acme`, whose rooms are `[acme]…`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use chrono::TimeDelta;
use frontdesk::actions::add_tenant::add_tenant;
use frontdesk::actions::change_tenant::change_tenant;
use frontdesk::actions::signing_keys::{KeyOwner, KeySource, When, activate_signing_key, add_signing_key};
use frontdesk::app::App;
use frontdesk::reservation::{Appointment, Policy, Scope, Scopes, TenantName};
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use frontdesk::store::signing_keys::KeyState;
use frontdesk::store::{tenants, token_settings};
use serde_json::{Value, json};

use crate::api::client::Client as Api;
use crate::prosody::Meet;
use crate::prosody::client::Client;
use crate::prosody::server::{DOMAIN, Logins};
use crate::rig::Setup;

/// The secret that Frontdesk and Prosody share, of as many bytes as HS512 takes.
const SECRET: &str = "a secret of the tests, which has as many bytes as the longest hash has: 64 of them";

/// An RSA key of the deployment, and one of a stranger.
pub static RSA: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| [0, 1].map(|_| SigningKey::make(Algorithm::Rs256).unwrap().expose().to_vec()));

/// What Prosody verifies with.
#[derive(Clone, Copy)]
pub enum Verifier {
    /// `app_secret`.
    Secret(Algorithm),
    /// `asap_key_server`.
    Files,
    /// `cache_keys_url`, as Jitsi had it in 2023. It looks there only where there is an `asap_key_server` too: one without
    /// keys, so that nothing else counts.
    Certificates,
    /// `cache_keys_url`, as Jitsi has it since the end of 2025.
    JwkSet,
}

impl Verifier {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Secret(algorithm) => algorithm,
            Self::Files | Self::Certificates | Self::JwkSet => Algorithm::Rs256,
        }
    }

    /// The settings, where keys are served at this address.
    fn settings(self, keys: &str) -> String {
        let how = match self {
            Self::Secret(algorithm) => {
                format!("app_secret = '{SECRET}'\nsignature_algorithm = '{}'", algorithm.as_str())
            }
            Self::Files => format!("asap_key_server = '{keys}/asap'"),
            Self::Certificates => {
                format!("cache_keys_url = '{keys}/certificates.json'\nasap_key_server = '{keys}/nothing'")
            }
            Self::JwkSet => {
                format!("cache_keys_url = '{keys}/jwks.json'\nasap_key_server = '{keys}/nothing'")
            }
        };
        format!("app_id = 'frontdesk'\nasap_accepted_audiences = {{ 'jitsi' }}\n{how}\n")
    }
}

/// Whether Jitsi's plugins have this file: releases differ.
pub fn jitsi_has(file: &str) -> bool {
    Path::new(&std::env::var("JITSI_PLUGINS").unwrap()).join(file).exists()
}

/// Whether they are of the end of 2025 or later.
pub fn jitsi_reads_jwk_sets() -> bool {
    jitsi_has("token/jwk.lib.lua")
}

/// The address of a room of `acme`, as its page has it.
pub fn room_of_acme(name: &str) -> String {
    format!("{name}@conference.acme.{DOMAIN}")
}

/// The Jitsi, and an app of each tenant.
pub struct Door {
    pub meet: Meet,
    pub main: Api,
    pub acme: Api,
    verifier: Verifier,
    /// The first person in each room stays there, or it would close while the next one comes.
    inside: RefCell<HashMap<String, Client>>,
}

/// A token of a tenant whose keys this server is not given.
pub struct Stranger {
    pub token: String,
    pub claims: Value,
    /// What Prosody says of it.
    pub refused_with: &'static str,
}

impl Door {
    pub async fn new(verifier: Verifier) -> Self {
        Self::with(verifier, "").await
    }

    /// With more settings of Prosody's.
    pub async fn with(verifier: Verifier, more: &str) -> Self {
        let key = async |app: &App, _: &mut Setup| {
            add_key(app, &KeyOwner::Deployment, verifier.algorithm(), 0).await;
        };
        Self::prepared(verifier, more, key).await
    }

    /// With what is to be done before Frontdesk starts, and no keys but those that it makes itself.
    pub async fn prepared(
        verifier: Verifier,
        more: &str,
        prepare: impl AsyncFnOnce(&App, &mut Setup),
    ) -> Self {
        let prepare = async |app: &App, setup: &mut Setup| {
            setup.set("FRONTDESK_API_REQUESTS_PER_MINUTE", "100000");
            for (tenant, url) in [("main", DOMAIN.to_owned()), ("acme", format!("{DOMAIN}/acme"))] {
                use_tokens(app, tenant, &url, verifier.algorithm()).await;
            }
            prepare(app, setup).await;
        };
        let meet = Meet::prepared(prepare, |keys, settings| {
            settings.logins = Logins::Verified;
            settings.verifier = verifier.settings(keys) + more;
        })
        .await;
        let app = async |tenant| {
            let scopes = Scopes::usual().iter().chain([Scope::TokensWildcard]).collect();
            Api::of_running(&meet.app, &meet.frontdesk.url, tenant, scopes).await
        };
        let (main, acme) = (app("main").await, app("acme").await);
        Self { meet, main, acme, verifier, inside: RefCell::default() }
    }

    /// A token of `main` for an appointment.
    pub async fn of(&self, booked: &Appointment, body: Value) -> String {
        self.minted(&format!("/v1/appointments/{}/tokens", booked.id), body).await
    }

    /// A token of `main` for all rooms, or for those that match.
    pub async fn for_many(&self, mut body: Value) -> String {
        body["expires_at"] = json!(self.meet.app.clock.now() + TimeDelta::hours(1));
        self.minted("/v1/tokens", body).await
    }

    pub async fn minted(&self, path: &str, body: Value) -> String {
        self.minted_by(&self.main, path, body).await
    }

    pub async fn minted_by(&self, app: &Api, path: &str, body: Value) -> String {
        let made = app.post(path, body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.body["token"].as_str().unwrap().to_owned()
    }

    /// A token that says the same as one of `main` would.
    pub async fn stranger(&self) -> Stranger {
        let app = &self.meet.app;
        let name: TenantName = "stranger".parse().unwrap();
        add_tenant(app, name.clone(), Policy::default()).await.unwrap();
        use_tokens(app, "stranger", DOMAIN, self.verifier.algorithm()).await;
        add_key(app, &KeyOwner::Tenant(name), self.verifier.algorithm(), 1).await;
        let url = &self.meet.frontdesk.url;
        let api = Api::of_running(app, url, "stranger", [Scope::TokensWildcard].into_iter().collect()).await;
        let body = json!({ "expires_at": app.clock.now() + TimeDelta::hours(1) });
        let made = api.post("/v1/tokens", body).await;
        let refused_with = match self.verifier {
            Verifier::Secret(_) => "Invalid signature",
            Verifier::Files | Verifier::Certificates | Verifier::JwkSet => "could not obtain public key",
        };
        let token = made.body["token"].as_str().unwrap().to_owned();
        Stranger { token, claims: made.body["claims"].clone(), refused_with }
    }

    /// Somebody who has logged in with the token.
    pub async fn login(&self, token: &str) -> Client {
        Client::with_token(self.meet.prosody.port, DOMAIN, token).await
    }

    /// Why Prosody refuses the login with it.
    pub async fn failure(&self, token: &str) -> String {
        let refused = Client::try_with_token(self.meet.prosody.port, DOMAIN, token).await;
        let failure = refused.err().expect("the login should be refused");
        assert_eq!(failure.condition, "not-allowed");
        failure.text
    }

    /// Somebody comes in with the token.
    pub async fn lets_in(&self, token: &str, address: &str) {
        let mut person = self.login(token).await;
        let nick = person.address.split('@').next().unwrap().to_owned();
        person.join(address, &nick, None).await.unwrap_or_else(|refusal| panic!("{address}: {refusal:?}"));
        self.inside.borrow_mut().entry(address.to_owned()).or_insert(person);
    }

    /// The login with it is refused, because its time is over.
    pub async fn says_it_is_over(&self, token: &str) {
        let failure = self.failure(token).await;
        if jitsi_reads_jwk_sets() {
            assert!(failure.starts_with("Not acceptable by exp ("), "{failure}");
        } else {
            assert_eq!(failure, "Not acceptable by exp");
        }
    }

    /// Whoever has this token is refused at the door of the room, because the token is for another one.
    pub async fn keeps_out(&self, token: &str, address: &str) {
        self.refuses(token, address, "Room and token mismatched").await;
    }

    /// The same, where recent plugins have a sentence of their own for it.
    pub async fn keeps_out_as(&self, token: &str, address: &str, recently: &str) {
        let text = if jitsi_reads_jwk_sets() { recently } else { "Room and token mismatched" };
        self.refuses(token, address, text).await;
    }

    async fn refuses(&self, token: &str, address: &str, text: &str) {
        let mut person = self.login(token).await;
        person.ask(address).await.unwrap();
        let refusal = person.enter(address, "person", None).await.expect_err("they should be refused");
        assert_eq!(refusal.condition, "not-allowed", "{address}");
        assert_eq!(refusal.text, text, "{address}");
    }
}

/// Adds a key, which signs at once. Of RSA keys there are two.
async fn add_key(app: &App, owner: &KeyOwner, algorithm: Algorithm, which: usize) {
    let private = if algorithm.is_shared_secret() {
        SECRET.replace("tests", ["tests", "other"][which]).into_bytes()
    } else {
        RSA[which].clone()
    };
    let key = SigningKey::read(algorithm, private.into()).unwrap();
    let source = KeySource::Import(Imported { key, kid: None });
    let added = add_signing_key(app, owner, algorithm, source, None).await.unwrap();
    // A tenant's own: until now the deployment's signed for it.
    if added.state() == KeyState::Next {
        activate_signing_key(app, owner, added.id, None, When::Now).await.unwrap();
    }
}

/// The tenant meets at this address, and its tokens are signed so.
pub async fn use_tokens(app: &App, tenant: &str, url: &str, algorithm: Algorithm) {
    let name: TenantName = tenant.parse().unwrap();
    let url = format!("https://{url}");
    change_tenant(app, &name, None, |policy| policy.meeting_url = Some(url.parse().unwrap())).await.unwrap();
    let mut db = app.db.acquire().await.unwrap();
    let id = tenants::by_name(&mut db, &name).await.unwrap().unwrap().id;
    let mut settings = token_settings::get(&mut db, id).await.unwrap();
    settings.algorithm = algorithm;
    token_settings::put(&mut db, id, &settings).await.unwrap();
}
