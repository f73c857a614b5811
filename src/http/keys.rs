//! The keys that room tokens are verified with, in the forms in which verifiers ask for them. Anybody may have them.
//!
//! Source: `token/util.lib.lua` of jitsi-meet asks `asap_key_server` for a file named after a key, and `cache_keys_url` for
//! all keys at once: as a JWK set, or, in 2023, as a map of certificates. It looks at the status, and at `max-age`.
//! Not in here: which keys are served to whom (`store::served_keys`).

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ETAG, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::future::Cache;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::fault::Fault;
use super::{get, has, resource};
use crate::app::App;
use crate::config::MaxAge;
use crate::reservation::ServerId;
use crate::signing::Kid;
use crate::store::StoreError;
use crate::store::served_keys::{self, ServedKeyRecord};
use crate::telemetry::Failure;

/// How long what was read is good: a flood of requests reads once in that time.
const FRESH: Duration = Duration::from_secs(1);

/// How many sets are kept.
const SETS: u64 = 10_000;

/// In seconds, the longest that a set without keys may be kept, and that something is not there: the first key signs as
/// soon as it is made. So long, too, may be kept what may have changed since it was read, while the database is away.
const SOON: u64 = 5;

/// The paths of keys: the deployment's own, and those of each conference server.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/.well-known/jwks.json", get().to(jwks)))
        .service(resource("/keys/certificates.json", get().to(certificates)))
        .service(resource("/keys/asap/{file}", get().to(asap)))
        .service(resource("/keys/{server}/jwks.json", get().to(jwks)))
        .service(resource("/keys/{server}/certificates.json", get().to(certificates)))
        .service(resource("/keys/{server}/asap/{file}", get().to(asap)));
}

/// All keys as a JWK set (RFC 7517).
async fn jwks(app: web::Data<App>, sets: web::Data<KeySets>, request: HttpRequest) -> HttpResponse {
    answer(&app, &sets, &request, |set| Some(&set.jwks)).await
}

/// All keys as an object: the name of each, and a certificate for it.
async fn certificates(app: web::Data<App>, sets: web::Data<KeySets>, request: HttpRequest) -> HttpResponse {
    answer(&app, &sets, &request, |set| Some(&set.certificates)).await
}

/// One key in PEM, in a file that is called by the SHA-256 of its name.
async fn asap(app: web::Data<App>, sets: web::Data<KeySets>, request: HttpRequest) -> HttpResponse {
    let file = request.match_info().query("file");
    answer(&app, &sets, &request, |set| set.asap.get(file)).await
}

async fn answer(
    app: &web::Data<App>,
    sets: &KeySets,
    request: &HttpRequest,
    choose: impl FnOnce(&KeySet) -> Option<&File>,
) -> HttpResponse {
    let whose = match request.match_info().get("server").map(str::parse) {
        None => Whose::Deployment,
        Some(Ok(server)) => Whose::Server(server),
        Some(Err(_)) => return nothing(app),
    };
    match sets.get(app, whose).await {
        Ok(Some((set, longest))) => {
            choose(&set).map_or_else(|| nothing(app), |file| file.respond(request, longest))
        }
        Ok(None) => nothing(app),
        Err(error) => {
            let mut response = Fault::Unavailable.respond(app.language);
            response.headers_mut().insert(RETRY_AFTER, 1.into());
            Failure::of(error.as_ref()).attach(&mut response);
            response
        }
    }
}

fn nothing(app: &App) -> HttpResponse {
    let mut response = Fault::NotFound.respond(app.language);
    if let Ok(value) = format!("public, max-age={SOON}").parse() {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
    response
}

/// Whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    /// The deployment's own, and no tenant's.
    Deployment,
    /// Those that a conference server verifies with.
    Server(ServerId),
}

/// What was read a moment ago, ready to be sent.
#[derive(Debug)]
pub struct KeySets {
    max_age: MaxAge,
    fresh: Cache<Whose, Option<Arc<KeySet>>>,
    /// What was read last. While the database is away this is served: verifiers could have kept it for as long.
    last: Cache<Whose, Arc<KeySet>>,
    /// Conference servers that are there. So ids that somebody made up cost nothing.
    servers: Cache<(), Arc<HashSet<ServerId>>>,
}

impl KeySets {
    /// None yet. Whoever gets one may keep it for so long.
    #[must_use]
    pub fn new(max_age: MaxAge) -> Self {
        Self {
            max_age,
            fresh: Cache::builder().max_capacity(SETS).time_to_live(FRESH).build(),
            last: Cache::builder().max_capacity(SETS).time_to_live(max_age.get()).build(),
            servers: Cache::builder().max_capacity(1).time_to_live(FRESH).build(),
        }
    }

    /// The set, and for how many seconds it may be kept at the most; `None` where there is no such server. Whoever asks
    /// while it is being read waits for that.
    async fn get(&self, app: &App, whose: Whose) -> Result<Option<(Arc<KeySet>, u64)>, Arc<StoreError>> {
        if let Whose::Server(server) = whose
            && !self.may_know(app, server).await
        {
            return Ok(None);
        }
        match self.fresh.try_get_with(whose, self.read(app, whose)).await {
            Ok(set) => Ok(set.map(|set| (set, u64::MAX))),
            // A key of it may have been withdrawn since.
            Err(error) => match self.last.get(&whose).await {
                Some(set) => Ok(Some((set, SOON))),
                None => Err(error),
            },
        }
    }

    /// Whether there is such a server. While the database is away, there may be.
    async fn may_know(&self, app: &App, server: ServerId) -> bool {
        let servers = async {
            let ids = served_keys::servers(&mut *app.db.acquire().await?).await?;
            Ok::<_, StoreError>(Arc::new(ids.into_iter().collect()))
        };
        self.servers.try_get_with((), servers).await.map_or(true, |servers| servers.contains(&server))
    }

    async fn read(&self, app: &App, whose: Whose) -> Result<Option<Arc<KeySet>>, StoreError> {
        let mut db = app.db.acquire().await?;
        app.metrics.key_set_reads.inc();
        let keys = match whose {
            Whose::Deployment => Some(served_keys::served(&mut db).await?),
            Whose::Server(server) => served_keys::served_to(&mut db, server).await?.map(for_jitsi),
        };
        let set = keys.map(|keys| Arc::new(KeySet::new(&keys, self.max_age)));
        if let Some(set) = &set {
            self.last.insert(whose, set.clone()).await;
        }
        Ok(set)
    }
}

/// Only RSA keys: what reads a set for Jitsi looks for no others in it, and may stumble over them.
fn for_jitsi(keys: Vec<ServedKeyRecord>) -> Vec<ServedKeyRecord> {
    keys.into_iter().filter(|key| key.public.is_rsa()).collect()
}

/// Keys in all forms.
#[derive(Debug)]
struct KeySet {
    jwks: File,
    certificates: File,
    /// By the lower-case hex of the name's SHA-256, with `.pem` behind it.
    asap: HashMap<String, File>,
}

impl KeySet {
    fn new(keys: &[ServedKeyRecord], max_age: MaxAge) -> Self {
        let jwks: Vec<_> = keys.iter().filter_map(|key| key.public.jwk(Some(&key.kid))).collect();
        let certificates = keys
            .iter()
            .filter_map(|key| Some((key.kid.as_str().to_owned(), Value::String(key.certificate.clone()?))));
        let certificates: Map<_, _> = certificates.collect();
        let pem = |key: &ServedKeyRecord| {
            File::new("application/x-pem-file", key.public.as_pem().to_owned(), max_age.get().as_secs())
        };
        let seconds = max_age.get().as_secs();
        let seconds = if keys.is_empty() { seconds.min(SOON) } else { seconds };
        Self {
            jwks: File::new("application/jwk-set+json", json!({ "keys": jwks }).to_string(), seconds),
            certificates: File::new("application/json", Value::Object(certificates).to_string(), seconds),
            asap: keys.iter().map(|key| (asap_name(&key.kid), pem(key))).collect(),
        }
    }
}

fn asap_name(kid: &Kid) -> String {
    let mut name = String::with_capacity(68);
    for byte in kid.hash() {
        _ = write!(name, "{byte:02x}");
    }
    name + ".pem"
}

/// Something to send.
#[derive(Debug)]
struct File {
    kind: &'static str,
    bytes: Bytes,
    tag: String,
    /// For how many seconds it may be kept.
    max_age: u64,
}

impl File {
    fn new(kind: &'static str, text: String, max_age: u64) -> Self {
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&text)));
        Self { kind, bytes: text.into(), tag, max_age }
    }

    fn respond(&self, request: &HttpRequest, longest: u64) -> HttpResponse {
        let is_known = has(request, &self.tag);
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((ETAG, self.tag.as_str()))
            .insert_header((CACHE_CONTROL, format!("public, max-age={}", self.max_age.min(longest))))
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if is_known { response.finish() } else { response.content_type(self.kind).body(self.bytes.clone()) }
    }
}
