//! The doctor on a running service, and the snippet it judges.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use nix::unistd::geteuid;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::rig::{Frontdesk, Setup, folder};
use crate::world::empty_database;

/// A host's file as Jitsi's packages leave it, in substance, edited as the snippet says.
const HOST: &str = r#"
muc_mapper_domain_base = "meet.test"
VirtualHost "meet.test"
    authentication = "jitsi-anonymous"
    modules_enabled = { "reservations"; "reservations_guard"; "muc_lobby_rooms"; "persistent_lobby" }
Component "conference.meet.test" "muc"
    restrict_room_creation = true
    modules_enabled = { "muc_max_occupants" }
Component "lobby.meet.test" "muc"
Component "focus.meet.test" "client_proxy"
    target_address = "focus@auth.meet.test"
"#;

/// A service that runs, a tenant, and a Prosody that is configured for it.
pub struct Practice {
    pub setup: Setup,
    service: Frontdesk,
    options: PgConnectOptions,
    prosody: tempfile::TempDir,
}

/// What the doctor said.
pub struct Diagnosis {
    code: Option<i32>,
    pub report: Value,
}

impl Diagnosis {
    /// The checks that found something of that level, with the message.
    pub fn of(&self, level: &str) -> Vec<(&str, &str)> {
        let findings = self.report["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["level"] == level)
            .map(|finding| (finding["check"].as_str().unwrap(), finding["message"].as_str().unwrap()))
            .collect()
    }

    fn errors(&self) -> Vec<&str> {
        self.of("error").into_iter().map(|(check, _)| check).collect()
    }
}

pub fn run(setup: &Setup, arguments: &[&str]) -> (Option<i32>, String) {
    let output = setup.command(arguments).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said)
}

fn diagnose(setup: &Setup, arguments: &[&str]) -> Diagnosis {
    let (code, said) = run(setup, &[&["doctor", "--json"], arguments].concat());
    Diagnosis { code, report: serde_json::from_str(&said).unwrap() }
}

impl Practice {
    pub async fn new() -> Self {
        let options = empty_database().await;
        let setup = Setup::remote(&options);
        let service = setup.serve().await;
        run(&setup, &["tenant", "add", "acme", "--meeting-url", "https://meet.test"]);
        let (_, snippet) = run(
            &setup,
            &["prosody-config", "--target", "debian", "--server", "prosody-1", "--url", &service.url],
        );
        let prosody = folder();
        let practice = Self { setup, service, options, prosody };
        practice.configure(&snippet);
        practice
    }

    fn configure(&self, snippet: &str) {
        let path = self.prosody.path().join("frontdesk.cfg.lua");
        fs::write(&path, snippet).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        fs::write(self.main_file(), format!("Include \"frontdesk.cfg.lua\"\n{HOST}")).unwrap();
        // As root, the doctor reads them as their owner.
        if geteuid().is_root() {
            for file in [path, self.main_file()] {
                chown(file, Some(65534), Some(65534)).unwrap();
            }
        }
    }

    pub fn main_file(&self) -> PathBuf {
        self.prosody.path().join("prosody.cfg.lua")
    }

    pub fn diagnose(&self, arguments: &[&str]) -> Diagnosis {
        let file = self.main_file();
        diagnose(&self.setup, &[&["--prosody-config", file.to_str().unwrap()], arguments].concat())
    }

    async fn count(&self, what: &'static str) -> i64 {
        let mut db = PgConnection::connect_with(&self.options).await.unwrap();
        sqlx::query_scalar(what).fetch_one(&mut db).await.unwrap()
    }

    async fn execute(&self, statement: String) {
        let mut db = PgConnection::connect_with(&self.options).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut db).await.unwrap();
    }
}

#[tokio::test]
async fn a_set_up_made_by_the_snippet_is_well_and_is_left_as_it_was() {
    let practice = Practice::new().await;
    let told = practice.diagnose(&[]);
    assert_eq!(told.errors(), Vec::<&str>::new(), "{:#}", told.report);
    // The tests' PostgreSQL is in a hurry.
    let warned: Vec<&str> = told.of("warning").into_iter().map(|(check, _)| check).collect();
    assert_eq!(warned, ["database_durability"], "{:#}", told.report);
    assert_eq!((told.code, &told.report["ok"]), (Some(0), &Value::Bool(true)));
    let fine: Vec<&str> = told.of("ok").into_iter().map(|(check, _)| check).collect();
    for check in [
        "credential",
        "clock",
        "ready",
        "refusal",
        "grant",
        "conflict",
        "read",
        "release",
        "database_role",
        "keys",
    ] {
        assert!(fine.contains(&check), "{check}");
    }
    assert!(told.of("ok").contains(&("credential", "it is the server `prosody-1`")));
    for table in [
        "SELECT count(*) FROM tenants WHERE name <> 'acme'",
        "SELECT count(*) FROM conference_servers WHERE name <> 'prosody-1'",
        "SELECT count(*) FROM server_credentials k WHERE NOT EXISTS (SELECT FROM conference_servers s WHERE s.id = k.server_id)",
        "SELECT count(*) FROM appointments",
        "SELECT count(*) FROM occurrences",
        "SELECT count(*) FROM conferences",
        "SELECT count(*) FROM refusals",
    ] {
        assert_eq!(practice.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn what_an_interrupted_doctor_left_behind_is_in_nobodys_way_and_goes_with_the_next_one() {
    let practice = Practice::new().await;
    let refused = practice.setup.command(&["tenant", "add", "frontdesk-doctor-training"]).output().unwrap();
    assert!(!refused.status.success(), "an operator's tenant must not be taken for the doctor's");
    for (name, minutes) in [("frontdesk-doctor-old", 11), ("frontdesk-doctor-new", 9)] {
        practice
            .execute(format!(
                "INSERT INTO tenants (id, name, language, time_zone, early_open_s, grace_s, moderators, when_live_elsewhere,
                                      unscheduled, unscheduled_duration_s, unscheduled_lobby, horizon_days, revision, created_at)
                 SELECT gen_random_uuid(), '{name}', language, time_zone, early_open_s, grace_s, moderators, when_live_elsewhere,
                        unscheduled, unscheduled_duration_s, unscheduled_lobby, horizon_days, revision,
                        now() - interval '{minutes} minutes' FROM tenants WHERE name = 'acme'"
            ))
            .await;
    }
    let (_, listed) = run(&practice.setup, &["tenant", "list"]);
    assert!(!listed.contains("frontdesk-doctor"), "{listed}");
    run(&practice.setup, &["server", "add", "prosody-2"]);
    assert_eq!(practice.diagnose(&[]).code, Some(0));
    let left = "SELECT count(*) FROM tenants WHERE name = 'frontdesk-doctor-old'";
    assert_eq!(practice.count(left).await, 0);
    let running = "SELECT count(*) FROM tenants WHERE name = 'frontdesk-doctor-new'";
    assert_eq!(practice.count(running).await, 1, "another doctor may be at work");
}

#[tokio::test]
async fn a_configuration_that_never_ends_is_stopped_and_one_with_a_slip_is_not_quoted() {
    let practice = Practice::new().await;
    let began = std::time::Instant::now();
    for text in [
        "while true do pcall(function () while true do end end) end",
        "x = ('a'):rep(40):find(('a-'):rep(40) .. 'b')",
    ] {
        fs::write(practice.main_file(), text).unwrap();
        let told = practice.diagnose(&[]);
        assert!(told.of("error")[0].1.contains("was stopped"), "{:#}", told.report);
    }
    assert!(began.elapsed().as_secs() < 60);
    practice.configure("reservations_api_headers = { [\"Authorization\"] = \"Bearer fd_server_secret }");
    let told = practice.diagnose(&[]);
    assert_eq!(told.of("error")[0].0, "configuration");
    assert!(!told.report.to_string().contains("fd_server_secret"), "{:#}", told.report);
}

#[tokio::test]
async fn the_text_for_people_says_the_same_and_how_to_mend_it() {
    let practice = Practice::new().await;
    run(&practice.setup, &["server", "drain", "prosody-1"]);
    let file = practice.main_file();
    let (code, said) = run(&practice.setup, &["doctor", "--prosody-config", file.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("  WARNING credential: the server `prosody-1` is drained: it gets no new rooms"),
        "{said}"
    );
    assert!(said.contains("            `frontdesk server resume prosody-1`"), "{said}");
    assert!(said.contains("  ERROR   tenants: no conference server may ask"), "{said}");
    assert!(!said.contains("fd_server_"), "no credential is shown");
}

#[tokio::test]
async fn a_revoked_credential_is_found_by_service_and_database() {
    let practice = Practice::new().await;
    run(&practice.setup, &["server", "add", "prosody-2"]);
    run(&practice.setup, &["server", "revoke", "prosody-1"]);
    let told = practice.diagnose(&[]);
    assert_eq!(told.errors(), ["credential", "credential"], "{:#}", told.report);
    assert_eq!(told.code, Some(1));
}

#[tokio::test]
async fn a_service_that_is_away_is_told_with_the_address_that_was_tried() {
    let mut practice = Practice::new().await;
    practice.service.terminate().await;
    let told = practice.diagnose(&[]);
    assert_eq!(told.errors(), ["service"], "{:#}", told.report);
    let away = &told.report["findings"].as_array().unwrap().iter().find(|f| f["check"] == "service").unwrap();
    assert_eq!(away["about"], practice.service.url);
}

#[tokio::test]
async fn a_database_that_can_t_be_written_to_is_found() {
    let practice = Practice::new().await;
    let database = practice.options.get_database().unwrap();
    practice.execute(format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
    let told = practice.diagnose(&[]);
    assert!(told.errors().contains(&"database_role"), "{:#}", told.report);
}

#[tokio::test]
async fn rights_connections_and_tenants_that_are_missing_are_found() {
    let mut practice = Practice::new().await;
    run(&practice.setup, &["tenant", "set", "acme", "--disable"]);
    practice.setup.set("FRONTDESK_DATABASE_CONNECTIONS", "1000");
    let told = practice.diagnose(&[]);
    assert_eq!(told.errors(), ["database_connections"], "{:#}", told.report);
    let warned = told.of("warning");
    assert!(
        warned.iter().any(|(check, told)| *check == "tenants" && told.contains("switched off")),
        "{warned:?}"
    );
    let durability = warned.iter().find(|(check, _)| *check == "database_durability").unwrap().1;
    assert!(durability.starts_with("fsync, full_page_writes, synchronous_commit off"), "{durability}");

    let role = format!("clerk_{}", uuid::Uuid::now_v7().simple());
    let database = practice.options.get_database().unwrap().to_owned();
    practice
        .execute(format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'clerk'; GRANT CONNECT ON DATABASE {database} TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON \
             ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    let url = practice.options.clone().username(&role).password("clerk").to_url_lossy().to_string();
    practice.setup.set("DATABASE_URL", &url);
    practice.setup.set("FRONTDESK_DATABASE_CONNECTIONS", "8");
    let told = practice.diagnose(&[]);
    let may = told.of("warning").into_iter().find(|(check, _)| *check == "database_permissions");
    assert!(may.is_some_and(|(_, told)| told.contains("doesn't own the tables")), "{:#}", told.report);
    practice.execute(format!("REVOKE DELETE ON conferences FROM {role}")).await;
    let told = practice.diagnose(&[]);
    assert!(told.errors().contains(&"database_permissions"), "{:#}", told.report);
    practice.execute(format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test]
async fn another_schema_or_other_master_keys_are_found() {
    let other = Setup::remote(&empty_database().await);
    let told = diagnose(&other, &[]);
    assert!(told.errors().contains(&"database"), "the schema is missing: {:#}", told.report);
    assert!(told.of("error")[0].1.contains("frontdesk migrate"), "{:#}", told.report);

    let practice = Practice::new().await;
    let other = "INSERT INTO deployment (master_key_ids) VALUES ('{other}')
                 ON CONFLICT (singleton) DO UPDATE SET master_key_ids = '{other}'";
    practice.execute(other.to_owned()).await;
    assert!(practice.diagnose(&[]).errors().contains(&"keys"));
}

#[tokio::test]
async fn the_doctor_makes_nothing_where_nothing_is_yet() {
    let setup = Setup::private();
    let told = diagnose(&setup, &[]);
    assert!(told.errors().contains(&"database"), "{:#}", told.report);
    // On the machine of a Prosody there is none, and need not be.
    let told = diagnose(&setup, &["--url", "http://127.0.0.1:9"]);
    assert_eq!(told.errors(), ["service"], "{:#}", told.report);
    assert!(!setup.data_dir().exists());
}

#[tokio::test]
async fn jicofo_s_own_door_is_found_in_the_web_application() {
    let practice = Practice::new().await;
    let config = practice.prosody.path().join("config.js");
    let arguments = ["--web-config", config.to_str().unwrap()];
    fs::write(&config, "var config = {\n    // conferenceRequestUrl: 'https://x',\n};\n").unwrap();
    assert_eq!(practice.diagnose(&arguments).code, Some(0));
    fs::write(&config, "var config = {\n    conferenceRequestUrl: 'https://x',\n};\n").unwrap();
    assert_eq!(practice.diagnose(&arguments).errors(), ["conference_request"]);
}

/// Between Prosody and Frontdesk: what it does to an answer's status and body.
type Meddler = fn(u16, Value) -> (u16, Value);

/// Passes everything on to `url`, the `Authorization` header only where `credentials` says so.
fn proxy(url: &str, credentials: bool, meddle: Meddler) -> String {
    let (url, client) = (url.to_owned(), reqwest::Client::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = HttpServer::new(move || {
        let (url, client) = (url.clone(), client.clone());
        App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
            let method = request.method().as_str().parse().unwrap();
            let mut passed = client.request(method, format!("{url}{}", request.uri())).body(body);
            for name in ["authorization", "content-type"].into_iter().skip(usize::from(!credentials)) {
                if let Some(value) = request.headers().get(name) {
                    passed = passed.header(name, value.as_bytes());
                }
            }
            async move {
                let answer = passed.send().await.unwrap();
                let status = answer.status().as_u16();
                let body = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null);
                let (status, body) = meddle(status, body);
                HttpResponse::build(status.try_into().unwrap()).json(body)
            }
        }))
    });
    actix_web::rt::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
    address
}

#[actix_web::test]
async fn a_proxy_that_spoils_the_conversation_is_found() {
    let practice = Practice::new().await;
    let told = |credentials: bool, meddle: Meddler| {
        let url = proxy(&practice.service.url, credentials, meddle);
        let file = practice.main_file();
        let setup = &practice.setup;
        let arguments = ["doctor", "--json", "--prosody-config", file.to_str().unwrap(), "--url", &url];
        let mut command = setup.command(&arguments);
        async move {
            let output = web::block(move || command.output().unwrap()).await.unwrap();
            Diagnosis { code: output.status.code(), report: serde_json::from_slice(&output.stdout).unwrap() }
        }
    };
    let fine = told(true, |status, body| (status, body)).await;
    assert_eq!(fine.errors(), Vec::<&str>::new(), "{:#}", fine.report);
    let stripped = told(false, |status, body| (status, body)).await;
    assert_eq!(stripped.errors(), ["credential", "refusal", "grant"], "{:#}", stripped.report);

    let without = |field: &'static str| -> Meddler {
        match field {
            "password" => |status, mut body| {
                body.as_object_mut().and_then(|body| body.remove("password"));
                (status, body)
            },
            "message" => |status, mut body| {
                body.as_object_mut().and_then(|body| body.remove("message"));
                (status, body)
            },
            _ => |status, mut body| {
                body.as_object_mut().and_then(|body| body.remove("conflict_id"));
                (status, body)
            },
        }
    };
    let spoilt = told(true, without("password")).await;
    assert_eq!(
        spoilt.of("error"),
        [("grant", "a booked room is not granted: `password` is not as Prosody needs it")]
    );
    assert_eq!(told(true, without("message")).await.errors(), ["credential", "refusal"]);
    assert_eq!(told(true, without("conflict_id")).await.errors(), ["conflict"]);
    assert_eq!(
        told(true, |status, body| (if status == 204 { 502 } else { status }, body)).await.errors(),
        ["release"]
    );
    let page = told(true, |_, _| (200, Value::from("<html>"))).await;
    assert_eq!(page.errors(), ["credential", "refusal", "grant"], "{:#}", page.report);
}
