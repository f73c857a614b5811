//! `frontdesk prosody-config --tokens`: the verifier's side, with nothing left to fill in.

use super::fetch;
use crate::rig::Setup;
use crate::world::World;

struct Desk {
    world: World,
    setup: Setup,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let setup = Setup::remote(&world.options);
        Self { world, setup }
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let done = self.setup.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if done.status.success() { Ok(text(done.stdout)) } else { Err(text(done.stderr)) }
    }

    /// What it writes for that server, and those tokens.
    fn config(&self, target: &str, server: &str, tokens: &str) -> Result<String, String> {
        let arguments = ["--target", target, "--server", server, "--tokens", tokens];
        self.run(
            &[&["prosody-config", "--host", "meet.test", "--url", "https://desk.test"], &arguments[..]]
                .concat(),
        )
    }

    fn secret(&self, tenant: &[&str], secret: &str) {
        let file = self.setup.folder.path().join("secret");
        std::fs::write(&file, secret).unwrap();
        let arguments = ["keys", "import", "--algorithm", "HS256", "--file", file.to_str().unwrap()];
        self.run(&[&arguments, tenant].concat()).unwrap();
    }

    async fn credentials(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM server_credentials")
            .fetch_one(self.world.db())
            .await
            .unwrap()
    }
}

/// The secret in a text for Debian.
fn app_secret(text: &str) -> &str {
    let rest = text.lines().find_map(|line| line.strip_prefix("app_secret = \"")).unwrap();
    rest.strip_suffix('"').unwrap()
}

#[tokio::test]
async fn a_new_server_is_told_where_its_keys_are() {
    let desk = Desk::new().await;
    for (tokens, file) in
        [("asap", None), ("jwks", Some("jwks.json")), ("certificates", Some("certificates.json"))]
    {
        let text = desk.config("debian", tokens, tokens).unwrap();
        let id = sqlx::query_scalar("SELECT id FROM conference_servers WHERE name = $1").bind(tokens);
        let id: uuid::Uuid = id.fetch_one(desk.world.db()).await.unwrap();
        let keys = format!("https://desk.test/keys/{id}");
        assert!(text.contains(&format!("\nasap_key_server = \"{keys}/asap\"\n")), "{text}");
        assert!(
            file.is_none_or(|file| text.contains(&format!("\ncache_keys_url = \"{keys}/{file}\"\n"))),
            "{text}"
        );
        assert!(!text.contains("REPLACE-ME") && !text.contains("app_secret ="), "{text}");
        let served = fetch(&desk.world, &format!("/keys/{id}/{}", file.unwrap_or("jwks.json"))).await;
        assert_eq!(served.status(), 200);
    }
}

#[tokio::test]
async fn where_there_is_no_secret_that_is_said_before_anything_is_made() {
    let desk = Desk::new().await;
    let refused = desk.config("debian", "prosody-1", "hs256").unwrap_err();
    assert!(refused.contains("frontdesk keys make --algorithm HS256"), "{refused}");
    assert_eq!(desk.credentials().await, 0);
    desk.secret(&[], "a secret with \"quotes\" and \\ in it");
    let refused = desk.config("docker", "prosody-1", "hs256").unwrap_err();
    assert!(refused.contains("letters, digits"), "{refused}");
    assert_eq!(desk.credentials().await, 0);
    let text = desk.config("debian", "prosody-1", "hs256").unwrap();
    assert_eq!(app_secret(&text), "a secret with \\\"quotes\\\" and \\\\ in it");
    desk.config("debian", "prosody-1", "hs384").unwrap_err();
}

#[tokio::test]
async fn a_server_that_is_there_stays_with_its_tenant() {
    let desk = Desk::new().await;
    desk.world.tenant("globex", |_| {}).await;
    desk.world.server("prosody-1").await;
    let before = desk.credentials().await;
    let of = |tenant| {
        let arguments =
            ["prosody-config", "--target", "debian", "--host", "meet.test", "--server", "prosody-1"];
        desk.run(&[&arguments[..], &["--tenant", tenant]].concat())
    };
    let refused = of("globex").unwrap_err();
    assert!(refused.contains("`acme`, not of `globex`"), "{refused}");
    assert_eq!(desk.credentials().await, before, "it got no credential for a file that is wrong");
    assert!(of("acme").unwrap().contains("fd_server_"));
}

#[tokio::test]
async fn whose_host_it_is_can_be_said_where_there_are_several_tenants() {
    let desk = Desk::new().await;
    desk.world.tenant("globex", |_| {}).await;
    let refused = desk.run(&["prosody-config", "--target", "debian"]).unwrap_err();
    assert!(refused.contains("name Prosody's VirtualHost with --host"), "{refused}");
    desk.run(&["prosody-config", "--target", "debian", "--host", "meet.test"]).unwrap();
}

#[tokio::test]
async fn a_tenant_s_own_secret_goes_to_the_server_that_is_its_alone() {
    let desk = Desk::new().await;
    desk.world.tenant("globex", |_| {}).await;
    desk.secret(&["--tenant", "acme"], "the-secret-of-acme-which-is-its-own");
    desk.world.server("alone").await;
    desk.world.server_for("shared", "acme", &["globex"], false).await;
    desk.world.server_for("everybody", "acme", &[], true).await;
    assert!(desk.config("debian", "shared", "hs256").is_err(), "globex has none");
    desk.secret(&[], "the-secret-of-everybody-who-has-none");
    for (server, secret) in [
        ("alone", "the-secret-of-acme-which-is-its-own"),
        ("shared", "the-secret-of-everybody-who-has-none"),
        ("everybody", "the-secret-of-everybody-who-has-none"),
    ] {
        assert_eq!(app_secret(&desk.config("debian", server, "hs256").unwrap()), secret, "{server}");
    }
    sqlx::query("DELETE FROM server_credentials").execute(desk.world.db()).await.unwrap();
    let verifies =
        |server| desk.config("docker", server, "asap").unwrap().contains("JWT_ENABLE_DOMAIN_VERIFICATION=1");
    assert_eq!(["alone", "shared", "everybody"].map(verifies), [false, true, true]);
}

#[tokio::test]
async fn a_server_whose_tenants_speak_proconf_accepts_any_audience_and_no_other_does() {
    let desk = Desk::new().await;
    desk.world.tenant("globex", |_| {}).await;
    desk.world.server("alone").await;
    desk.world.server_for("shared", "acme", &["globex"], false).await;
    desk.world.server_for("everybody", "acme", &[], true).await;
    let accepts = |target| {
        let all = ["alone", "shared", "everybody"].map(|server| desk.config(target, server, "asap").unwrap());
        let list = |text: &String| {
            let lines = ["asap_accepted_audiences = ", "JWT_ACCEPTED_AUDIENCES="];
            let of = |line: &str| lines.iter().find_map(|name| line.strip_prefix(name)).map(str::to_owned);
            text.lines().find_map(of).unwrap()
        };
        all.each_ref().map(list)
    };
    let one = "{ \"jitsi\" }";
    assert_eq!(accepts("debian"), [one; 3]);
    sqlx::query("DELETE FROM server_credentials").execute(desk.world.db()).await.unwrap();
    desk.run(&["dialects", "--tenant", "globex", "--speak", "proconf"]).unwrap();
    let any = "{ \"jitsi\", \"*\" }";
    assert_eq!(accepts("debian"), [one, any, any]);
    assert_eq!(accepts("docker"), ["jitsi", "jitsi,*", "jitsi,*"]);
    // This Prosody doesn't check tokens that are for JaaS.
    sqlx::query("DELETE FROM server_credentials").execute(desk.world.db()).await.unwrap();
    desk.run(&["token", "settings", "--tenant", "globex", "--verifier", "other"]).unwrap();
    assert_eq!(accepts("docker"), ["jitsi"; 3]);
}
