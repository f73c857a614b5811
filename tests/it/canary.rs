//! Secrets go everywhere but into logs, metrics and statistics: canaries are let fly, and looked for where they must not be.

use std::process::{Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, TimeDelta};
use frontdesk::clock::Clock;
use frontdesk::signing::{Algorithm, SigningKey};
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::client::send;
use crate::cluster::Cluster;
use crate::rig::Setup;

const PASSWORD: &str = "canary-password-of-a-room";
const SECRET: &str = "canary-secret-that-prosody-and-frontdesk-share-with-each-other-000";
const PERSON: &str = "canary-person@example.org";
const MADE_UP: &str = "fd_app_canaryThatNobodyEverHadAndThatIsLongEnoughAA";

/// What must be nowhere, and what it is.
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    fn keep(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() >= 12, "{what} is too short to be looked for: {secret}");
        self.0.push((what, secret.to_owned()));
    }

    /// A token is one in all its parts: who has the first two lacks the last, which makes it worth something.
    fn keep_token(&mut self, what: &'static str, token: &str) {
        for part in token.split('.').skip(1) {
            self.keep(what, part);
        }
    }

    /// A private key in PEM: a line from where only its owner knows what stands there, and its bytes as PostgreSQL logs them.
    fn keep_private_key(&mut self, what: &'static str, pem: &str) {
        let line = pem.lines().nth(10).unwrap();
        self.keep(what, line);
        let hex = STANDARD.decode(line).unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
        self.keep(what, &hex.concat());
    }

    fn look_for(&self, place: &str, text: &str) {
        assert!(text.len() > 100, "nothing is in {place}: {text}");
        for (what, secret) in &self.0 {
            assert!(!text.contains(secret), "{what} is in {place}");
        }
    }
}

fn run(setup: &Setup, arguments: &[&str], input: Option<&str>) -> Output {
    let mut command = setup.command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.unwrap_or_default().as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// What a command prints as JSON. What it logs beside that is looked at, too.
fn told(setup: &Setup, logs: &mut String, arguments: &[&str], input: Option<&str>) -> Value {
    let done = run(setup, &[arguments, &["--json"]].concat(), input);
    logs.push_str(&String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[tokio::test]
async fn no_secret_is_in_a_log_a_metric_or_a_statistic_however_much_is_told() {
    let cluster = Cluster::start_with(&[
        "shared_preload_libraries=pg_stat_statements",
        "pg_stat_statements.track=all",
        "pg_stat_statements.track_utility=on",
        "log_statement=all",
        "log_parameter_max_length=-1",
        "log_parameter_max_length_on_error=-1",
        "log_min_messages=debug2",
    ])
    .await;
    let mut db = cluster.connect().await;
    sqlx::query("CREATE EXTENSION pg_stat_statements").execute(&mut db).await.unwrap();
    let mut setup = Setup::remote(&cluster.options());
    setup.set("FRONTDESK_LOG_FILTER", "trace,sqlx=trace,actix_server=trace,actix_http=trace");
    setup.set("FRONTDESK_LOG_FORMAT", "json");
    let frontdesk = setup.serve().await;
    let mut canaries = Canaries(Vec::new());
    let mut logs = String::new();
    for (what, canary) in
        [("a password", PASSWORD), ("a shared secret", SECRET), ("a person", PERSON), ("a guess", MADE_UP)]
    {
        canaries.keep(what, canary);
    }
    canaries.keep("the master key", crate::rig::MASTER_KEY.trim());

    // What an operator does.
    let mut tell = |arguments: &[&str], input| told(&setup, &mut logs, arguments, input);
    tell(
        &["tenant", "add", "main", "--meeting-url", "https://meet.example.org", "--answer-token", "true"],
        None,
    );
    let server = tell(&["server", "add", "prosody", "--tenant", "main"], None);
    canaries.keep("a server's credential", server["credential"].as_str().unwrap());
    let app = tell(&["app", "add", "canary", "--tenant", "main"], None);
    canaries.keep("an app's credential", app["credential"].as_str().unwrap());
    let signs = tell(&["app", "add-signing-key", "canary", "--tenant", "main", "--algorithm", "hs256"], None);
    canaries.keep("an app's secret", signs["secret"].as_str().unwrap());
    let office =
        tell(&["app", "add", "office", "--tenant", "main", "--auth", "rs256", "--scope", "admin"], None);
    canaries.keep_private_key("an app's private key", office["private_key"].as_str().unwrap());
    tell(&["keys", "import", "--tenant", "main", "--algorithm", "HS512"], Some(SECRET));
    let private = STANDARD.encode(SigningKey::make(Algorithm::Rs384).unwrap().expose());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{private}\n-----END PRIVATE KEY-----\n");
    tell(&["keys", "import", "--tenant", "main", "--algorithm", "RS384"], Some(&pem));
    canaries.keep("a private key", &private[400..440]);
    tell(&["token", "settings", "--tenant", "main", "--algorithm", "HS512"], None);
    tell(&["dialects", "--tenant", "main", "--speak", "jiomeet,metered,proconf,datagram"], None);
    for broken in [&pem[..600], "{\"kty\":\"oct\",\"k\":\"canary-secret-that-prosody\"}", SECRET] {
        let done = run(&setup, &["keys", "import", "--tenant", "main", "--algorithm", "RS256"], Some(broken));
        assert!(!done.status.success());
        logs.push_str(&String::from_utf8_lossy(&done.stderr));
    }

    // What an app and a conference server do.
    let now = Clock::system().now();
    let key = app["credential"].as_str().unwrap();
    let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let call = async |method: Method, path: &str, credential: &str, body: Value| {
        let request = reqwest::Client::new().request(method, format!("{}{path}", frontdesk.url));
        send(
            request.bearer_auth(credential).header("Idempotency-Key", Uuid::now_v7().to_string()).json(&body),
        )
        .await
    };
    let booking = json!({
        "room": "canary", "starts": at(-1), "ends": at(60), "password": PASSWORD,
        "participants": [{ "role": "host", "email": PERSON, "name": "canary person" }],
    });
    let booked = call(Method::POST, "/v1/appointments", key, booking).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let tokens = format!("/v1/appointments/{}/tokens", booked.id());
    let made = call(Method::POST, &tokens, key, json!({ "participant": PERSON })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let token = made.body["token"].as_str().unwrap();
    canaries.keep_token("a room token", token);
    for link in [&booked.body["guest_join_url"], &booked.body["participants"][0]["join_url"]] {
        let link = format!("{}{}", frontdesk.url, link.as_str().unwrap());
        canaries.keep("the code of a join link", link.rsplit('/').next().unwrap());
        let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let navigates = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let opened =
            navigates.into_iter().fold(browser.get(&link), |get, (name, value)| get.header(name, value));
        assert!(opened.send().await.unwrap().text().await.unwrap().contains(PASSWORD));
        let pressed = browser.post(format!("{link}?seen")).send().await.unwrap();
        let entrance = pressed.headers()["location"].to_str().unwrap();
        let token = entrance.split("%22").nth(1).unwrap();
        canaries.keep_token("the token of a join link", token);
    }
    let boss = office["credential"].as_str().unwrap();
    let signer = json!({ "name": "signer", "scopes": [], "auth": "RS256" });
    let signer = call(Method::POST, "/v1/apps", boss, signer).await;
    canaries.keep_private_key("a private key over the API", signer.body["private_key"].as_str().unwrap());
    let keys = format!("/v1/apps/{}/signing-keys", signer.id());
    let another = call(Method::POST, &keys, boss, json!({ "algorithm": "RS256" })).await;
    canaries.keep_private_key("another private key", another.body["private_key"].as_str().unwrap());
    let instant = call(Method::POST, "/v1/instant-rooms", key, json!({ "duration_seconds": 600 })).await;
    canaries.keep_token("the token of an instant room", instant.body["token"]["token"].as_str().unwrap());
    let claims = json!({ "app": app["id"], "exp": now.timestamp() + 600 });
    let secret = EncodingKey::from_secret(signs["secret"].as_str().unwrap().as_bytes());
    let own = encode(&Header::default(), &claims, &secret).unwrap();
    canaries.keep_token("an app's own token", &own);
    assert_eq!(call(Method::GET, "/v1/appointments", &own, json!({})).await.status, 200);
    let credential = server["credential"].as_str().unwrap();
    let ask = reqwest::Client::new().post(format!("{}/conference", frontdesk.url)).bearer_auth(credential);
    let opened = send(ask.form(&[("name", "canary"), ("mail_owner", PERSON)])).await;
    assert_eq!((opened.status, &opened.body["password"]), (200, &json!(PASSWORD)), "{opened:?}");
    canaries.keep_token("the token in an answer", opened.body["jwt"].as_str().unwrap());

    speak_other_languages(&mut canaries, &frontdesk.url, key, &own).await;

    // What goes wrong, with secrets in every place where somebody may put them.
    call(Method::POST, "/v1/tokens/verify", key, json!({ "token": token })).await;
    call(Method::POST, "/v1/tokens/verify", key, json!({ "token": format!("{token}x") })).await;
    call(Method::POST, "/v1/appointments", key, json!({ "password": PASSWORD, PASSWORD: SECRET })).await;
    for wrong in [MADE_UP, token, &format!("{own}x"), &own[..own.len() - 9], PASSWORD] {
        assert_eq!(call(Method::GET, "/v1/appointments", wrong, json!({})).await.status, 401);
        assert_eq!(call(Method::POST, "/conference", wrong, json!({})).await.status, 401);
    }
    call(Method::GET, &format!("/v1/appointments?jwt={token}&password={PASSWORD}"), key, json!({})).await;
    call(Method::GET, &format!("/v1/{token}/{PASSWORD}"), key, json!({})).await;
    call(Method::DELETE, &format!("/v1/tokens/{token}"), key, json!({})).await;
    let broken = format!("{{\"password\": \"{PASSWORD}\", \"token\": \"{token}\"");
    let request = reqwest::Client::new().post(format!("{}/v1/appointments", frontdesk.url)).bearer_auth(key);
    assert_eq!(send(request.header("Content-Type", "application/json").body(broken)).await.status, 400);

    let log = frontdesk.said();
    for told in ["\"level\":\"TRACE\"", "made a room token", "sqlx::query"] {
        assert!(log.contains(told), "no {told} among {} lines", log.lines().count());
    }
    // What is shown once, at the first start, is no log line.
    canaries.look_for("Frontdesk's log", &log);
    canaries.look_for("what commands log", &logs);
    let metrics = reqwest::get(format!("{}/metrics", frontdesk.url)).await.unwrap().text().await.unwrap();
    canaries.look_for("the metrics", &metrics);
    let statements: Vec<String> =
        sqlx::query_scalar("SELECT query FROM pg_stat_statements").fetch_all(&mut db).await.unwrap();
    assert!(
        statements.iter().any(|statement| statement.contains("INSERT INTO signing_keys")),
        "{statements:?}"
    );
    canaries.0.retain(|(what, _)| *what != "a person");
    canaries.look_for("pg_stat_statements", &statements.join("\n"));
    // Even PostgreSQL's own log, with all parameters: only sealed and hashed ones get there, and people, who are data.
    let log = cluster.log();
    assert!(log.contains("arameters: $1 = "), "it tells too little");
    canaries.look_for("PostgreSQL's log", &log);
}

/// What apps of other systems do, with the credential in the query and with tokens of their own.
async fn speak_other_languages(canaries: &mut Canaries, url: &str, key: &str, own: &str) {
    let call = async |method: Method, path: &str, authorization: &str, body: Value| {
        let request = reqwest::Client::new().request(method, format!("{url}{path}"));
        send(request.header("Authorization", authorization).json(&body)).await
    };
    let text =
        |answer: &Value, name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let room = call(Method::POST, "/api/platform/v1/room", own, json!({ "hostToken": true })).await.body;
    for secret in ["roomPIN", "hostToken", "joinEndpoint"] {
        canaries
            .keep("what lets people into a dynamic room", text(&room, secret).trim_start_matches("/join/"));
    }
    let link = format!("{}?hostToken={}", text(&room, "joinEndpoint"), text(&room, "hostToken"));
    reqwest::get(format!("{url}{link}")).await.unwrap();

    let with_key = |path: &str, key: &str| format!("/api/v1/{path}?secretKey={key}");
    let private = json!({ "roomName": "canary-private", "privacy": "private" });
    assert_eq!(call(Method::POST, &with_key("room", key), "", private).await.status, 200);
    let wanted = json!({ "roomName": "canary-private", "email": PERSON });
    let token = text(&call(Method::POST, &with_key("token", key), "", wanted).await.body, "token");
    canaries.keep_token("an access token", &token);
    let known = call(Method::POST, &with_key("token/validate", key), "", json!({ "token": token })).await;
    assert_eq!(known.status, 200, "{known:?}");
    assert_eq!(call(Method::POST, &with_key("room", MADE_UP), "", json!({})).await.status, 401);

    let owner = json!({ "role": "owner", "room": "canary-owned", "participantName": PERSON });
    let owner = call(Method::POST, "/proconfToken", &format!("Bearer {key}"), owner).await;
    canaries.keep_token("the token of an owner", &text(&owner.body, "data"));

    let (secret, passcode) = ("canary-secret-of-an-alias", "canary-passcode-of-an-alias");
    canaries.keep("the secret of an alias", secret);
    canaries.keep("the passcode of an alias", passcode);
    let ends = Clock::system().now().timestamp() + 3600;
    let alias = json!({ "type": "live", "jwt_secret": secret, "passcode": passcode, "expired_at": ends });
    let create = "/organization/api/v1/alias/create";
    let alias = text(&call(Method::POST, create, &format!("Bearer {key}"), alias).await.body, "id");
    let claims = json!({ "alias": alias, "user_id": PERSON, "host": true, "exp": ends });
    let asks = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
    canaries.keep_token("a token that asks for an alias", &asks);
    let path = format!("/organization/api/v1/alias/{alias}");
    let found = call(Method::GET, &path, &format!("Bearer {asks}"), json!({})).await;
    assert_eq!((found.status, &found.body["passcode"]), (200, &json!(passcode)), "{found:?}");
    canaries.keep_token("the token of an alias", &text(&found.body, "token"));
    assert_eq!(call(Method::GET, &path, &format!("Bearer {asks}x"), json!({})).await.status, 401);
}
