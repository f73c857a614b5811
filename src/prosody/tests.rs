use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::config::{ProsodyConfig, ProsodyConfigError, Value};
use super::snippet::{REPLACE, Setup, Target};
use super::verification::{Tokens, Verification};
use crate::reservation::BaseUrl;

/// Files in a folder; the first is the main one.
fn written(files: &[(&str, &str)]) -> (TempDir, Result<ProsodyConfig, ProsodyConfigError>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let config = ProsodyConfig::read(&folder.path().join(files[0].0));
    (folder, config)
}

fn read(text: &str) -> ProsodyConfig {
    written(&[("prosody.cfg.lua", text)]).1.unwrap()
}

fn problem(text: &str) -> String {
    written(&[("prosody.cfg.lua", text)]).1.unwrap_err().to_string()
}

#[test]
fn settings_belong_to_the_host_above_them_or_to_all() {
    let config = read(
        "a = 1
         VirtualHost 'Meet.Test'
             a = 2
             b = true
         Component 'muc.test' 'muc'
             c = 'x'
         VirtualHost 'guest.test' { d = 'inline' }
         e = 'global again'",
    );
    assert_eq!(config.virtual_hosts().collect::<Vec<_>>(), ["guest.test", "meet.test"]);
    assert_eq!(config.components("muc").collect::<Vec<_>>(), ["muc.test"]);
    assert_eq!(config.number("meet.test", "a"), Some(2.0));
    assert_eq!(config.text("meet.test", "a").as_deref(), Some("2"));
    assert_eq!(config.number("muc.test", "a"), Some(1.0), "what the host doesn't say is global");
    assert_eq!(config.text("guest.test", "d").as_deref(), Some("inline"));
    assert_eq!(config.text("meet.test", "e").as_deref(), Some("global again"));
    assert!(config.is_true("meet.test", "b", false));
    assert_eq!(config.option("meet.test", "nothing"), None);
}

#[test]
fn an_included_file_starts_in_the_global_scope_and_gives_the_scope_back() {
    let (_folder, config) = written(&[
        ("prosody.cfg.lua", "VirtualHost 'a.test'\nInclude 'conf.d/*.cfg.lua'\nx = 'of a'"),
        ("conf.d/1.cfg.lua", "x = 'of all'\nVirtualHost 'b.test'"),
        ("conf.d/2.cfg.lua", "y = FileContents('secret')\nz = FileLine('../secret')"),
        ("conf.d/secret", "first\nsecond"),
        ("secret", "above\n"),
        ("conf.d/ignored.txt", "this is not Lua"),
        ("conf.d/.hidden.cfg.lua", "this is not Lua"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.text("a.test", "x").as_deref(), Some("of a"));
    assert_eq!(config.text("b.test", "x").as_deref(), Some("of all"));
    assert_eq!(config.text("b.test", "y").as_deref(), Some("first\nsecond"));
    assert_eq!(config.text("b.test", "z").as_deref(), Some("above"));
    assert_eq!(config.files.len(), 5);
}

#[test]
fn nothing_is_read_but_what_lies_with_the_configuration() {
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("master.cfg.lua");
    fs::write(&secret, "'secret'").unwrap();
    let (secret, folder) = (secret.display(), elsewhere.path().display());
    let name = elsewhere.path().file_name().unwrap().display();
    for text in [
        format!("x = FileContents '{secret}'"),
        format!("x = FileLine '../{name}/master.cfg.lua'"),
        format!("RunScript '{secret}'"),
        format!("Include '{secret}'"),
        format!("Include '{folder}/*.cfg.lua'"),
        format!("x = assert(io.open('{secret}')):read('*a')"),
    ] {
        let said = problem(&text);
        assert!(said.contains("is outside of") && !said.contains("'secret'"), "{text}: {said}");
    }
    let within = tempfile::tempdir().unwrap();
    let main = within.path().join("prosody.cfg.lua");
    std::os::unix::fs::symlink(elsewhere.path().join("master.cfg.lua"), within.path().join("link")).unwrap();
    fs::write(&main, "x = FileLine 'link'").unwrap();
    let said = ProsodyConfig::read(&main).unwrap_err().to_string();
    assert!(said.contains("is outside of"), "{said}");
}

#[test]
fn a_component_gets_none_of_the_global_modules_and_disabled_ones_are_gone() {
    let config = read(
        "modules_enabled = { 'one', 'two' }
         modules_disabled = { 'two' }
         VirtualHost 'a.test'
             modules_enabled = { 'three', 'four' }
             modules_disabled = { 'four' }
         VirtualHost 'b.test'
         Component 'c.test' 'muc'
             modules_enabled = { 'five' }
         Component 'd.test' 'muc'",
    );
    let modules = |host: &str| config.modules(host).into_iter().collect::<Vec<_>>();
    assert_eq!(modules("a.test"), ["one", "three"]);
    assert_eq!(modules("b.test"), ["one"]);
    assert_eq!(modules("c.test"), ["five"]);
    assert!(modules("d.test").is_empty());
}

#[test]
fn a_configuration_is_a_program() {
    let config = read(
        "local base = 'meet.' .. ('TEST'):lower()
         for _, name in ipairs { 'a', 'b' } do VirtualHost(name .. '.' .. base) end
         t = { 1, 'two', nested = { deep = { true } }, f = function () end }
         home = ENV_HOME
         u = os.getenv('NO_SUCH_VARIABLE_HERE') or 'unset'",
    );
    assert_eq!(config.virtual_hosts().count(), 2);
    let Some(Value::Table(items, fields)) = config.option("b.meet.test", "t") else { panic!("no table") };
    assert_eq!(items.len(), 2);
    assert_eq!(fields["f"], Value::Opaque);
    assert_eq!(fields["nested"].field("DEEP").unwrap(), &Value::Table(vec![Value::Bool(true)], [].into()));
    assert_eq!(config.text("b.meet.test", "u").as_deref(), Some("unset"));
}

#[test]
fn what_prosody_13_can_do_is_understood() {
    let config = read(
        "modules_enabled = { 'one', 'two' }
         modules_enabled = modules_enabled + { 'three' } - { 'two' }
         home = Lua.os.getenv('HOME')
         VirtualHost 'a.test'",
    );
    assert_eq!(config.modules("a.test").into_iter().collect::<Vec<_>>(), ["one", "three"]);
}

#[test]
fn what_lua_says_quotes_nothing_of_the_configuration() {
    for text in ["x = { y = \"fd_server_secret }", "x = 'fd_server_secret' 'fd_server_secret'"] {
        let said = problem(text);
        assert!(said.contains("prosody.cfg.lua:1:") && !said.contains("secret"), "{said}");
    }
}

#[test]
fn a_table_that_lies_in_itself_again_and_again_is_cut_off() {
    let config = read("local t = {} for i = 1, 300 do t[i] = t end x = t y = 'after'");
    assert!(config.option("*", "x").is_some());
}

#[test]
fn what_can_t_be_evaluated_is_told_with_its_place() {
    assert!(problem("x = = 1").contains("prosody.cfg.lua:1:"), "{}", problem("x = = 1"));
    assert!(problem("\nx = nothing.y").contains("prosody.cfg.lua:2:"), "{}", problem("\nx = nothing.y"));
    assert!(problem("Include 'missing.cfg.lua'").contains("missing.cfg.lua"));
    assert!(problem("Include 'conf.d/*.cfg.lua'").contains("conf.d/*.cfg.lua: No such file"));
    assert_eq!(problem("\nx = nothing.y").lines().count(), 1, "no traceback of our own code");
    let missing = ProsodyConfig::read(Path::new("/nowhere/x.lua")).unwrap_err().to_string();
    assert_eq!(missing, "cannot read Prosody's configuration `/nowhere/x.lua`");
}

#[test]
fn a_configuration_can_neither_run_programs_nor_write_nor_go_on_for_ever() {
    for text in [
        "os.execute('true')",
        "io.popen('true')",
        "os.remove('/tmp/x')",
        "os.exit(1)",
        "require 'os'",
        "dofile('/etc/hosts')",
        "debug.getregistry()",
        "package.loadlib('x', 'y')",
        "io.open('/tmp/x', 'w'):write('y')",
        "string.dump(print)",
        "assert(load('\\27Lua'))()",
    ] {
        assert!(written(&[("prosody.cfg.lua", text)]).1.is_err(), "{text}");
    }
    assert!(problem("while true do end").contains("it takes too long"));
    assert!(
        problem("local t = {} while true do t[#t + 1] = ('a'):rep(1 << 20) .. #t end").contains("memory")
    );
    let endless = read("local t = {} t.t = t x = t");
    assert!(
        endless.option("*", "x").and_then(|x| x.field("t")).is_some(),
        "a table in itself ends somewhere"
    );
}

const SERVER: &str = "01a1fc26-9b95-7300-8b8a-f05689614a62";

fn setup(target: Target, url: &BaseUrl, tokens: Option<Tokens>) -> Setup<'_> {
    let server = Some("prosody-1");
    let tokens = tokens.map(|tokens| Verification {
        tokens,
        url,
        server: Some(SERVER.parse().unwrap()),
        secret: tokens.is_shared_secret().then_some("s3cret-\"and\\more"),
        several_tenants: true,
        algorithm: tokens.algorithm(),
        issuer: "frontdesk",
        audience: "jitsi",
        any_audience: false,
    });
    Setup { target, host: "meet.test", url, server, credential: Some("fd_server_x"), tokens }
}

#[test]
fn every_snippet_is_lua_that_prosody_can_include() {
    let url = "https://frontdesk.test/a'b,c".parse().unwrap();
    for target in [Target::Debian, Target::Docker] {
        for tokens in
            [None, Some(Tokens::Hs256), Some(Tokens::Asap), Some(Tokens::Jwks), Some(Tokens::Certificates)]
        {
            let config = read(&setup(target, &url, tokens).render());
            let text = |name: &str| config.text("any.test", name);
            assert_eq!(text("reservations_api_prefix").as_deref(), Some("https://frontdesk.test/a'b,c"));
            let headers = config.option("any.test", "reservations_api_headers").unwrap();
            assert_eq!(
                headers.field("authorization").and_then(Value::as_text).as_deref(),
                Some("Bearer fd_server_x")
            );
            assert_eq!(config.number("any.test", "reservations_api_retry_count"), Some(12.0));
        }
    }
}

#[test]
fn the_one_line_for_docker_survives_being_split_at_its_commas() {
    let url = "https://frontdesk.test/a'b,c".parse().unwrap();
    let text = setup(Target::Docker, &url, None).render();
    let line = text.lines().find_map(|line| line.strip_prefix("XMPP_CONFIGURATION='")).unwrap();
    let line = line.strip_suffix('\'').unwrap();
    assert!(!line.contains('\''), "it stands between single quotes");
    let config = read(&line.split(',').collect::<Vec<_>>().join("\n"));
    assert_eq!(config.text("*", "reservations_api_prefix").as_deref(), Some("https://frontdesk.test/a'b,c"));
    assert!(config.is_true("*", "reservations_enable_password_support", false));
    let headers = config.option("*", "reservations_api_headers").unwrap();
    assert!(headers.field("Authorization").is_some());
}

#[test]
fn what_the_operator_has_to_fill_in_stands_out() {
    let url = "http://frontdesk:8180".parse().unwrap();
    let bare = Setup { credential: None, server: None, ..setup(Target::Debian, &url, None) };
    assert!(bare.render().contains(&format!("Bearer {REPLACE}")));
}

#[test]
fn prosody_is_told_all_that_it_needs_to_check_tokens() {
    let url = "https://frontdesk.test/desk".parse().unwrap();
    let keys = format!("https://frontdesk.test/desk/keys/{SERVER}");
    for (tokens, algorithm, secret, asap, all) in [
        (Tokens::Hs256, "HS256", true, false, None),
        (Tokens::Hs384, "HS384", true, false, None),
        (Tokens::Hs512, "HS512", true, false, None),
        (Tokens::Asap, "RS256", false, true, None),
        (Tokens::Jwks, "RS256", false, true, Some("jwks.json")),
        (Tokens::Certificates, "RS256", false, true, Some("certificates.json")),
    ] {
        let text = setup(Target::Debian, &url, Some(tokens)).render();
        assert!(!text.contains(REPLACE), "{text}");
        let config = read(&text);
        let said = |name: &str| config.text("*", name);
        assert_eq!(said("app_id").as_deref(), Some("frontdesk"));
        assert_eq!(said("signature_algorithm").as_deref(), Some(algorithm));
        assert_eq!(said("app_secret").as_deref(), secret.then_some("s3cret-\"and\\more"));
        assert_eq!(
            said("asap_key_server"),
            asap.then(|| format!("{keys}/asap")),
            "plugins of 2023 need it, too"
        );
        assert_eq!(said("cache_keys_url"), all.map(|all| format!("{keys}/{all}")));
        for (name, value) in [("asap_accepted_issuers", "frontdesk"), ("asap_accepted_audiences", "jitsi")] {
            let list = Value::Table(vec![Value::Text(value.to_owned())], [].into());
            assert_eq!(config.option("*", name), Some(&list));
        }
        assert_eq!(config.option("*", "allow_empty_token"), Some(&Value::Bool(false)));
        assert_eq!(config.option("*", "enable_domain_verification"), Some(&Value::Bool(true)));

        let text = setup(Target::Docker, &url, Some(tokens)).render();
        let variable = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        for (name, value) in [
            ("ENABLE_AUTH", "1"),
            ("AUTH_TYPE", "jwt"),
            ("JWT_APP_ID", "frontdesk"),
            ("JWT_ACCEPTED_ISSUERS", "frontdesk"),
            ("JWT_ACCEPTED_AUDIENCES", "jitsi"),
            ("JWT_ALLOW_EMPTY", "0"),
            ("JWT_ENABLE_DOMAIN_VERIFICATION", "1"),
        ] {
            assert_eq!(variable(name), Some(value), "{name}");
        }
        assert_eq!(variable("JWT_APP_SECRET").is_some(), secret);
        assert_eq!(variable("JWT_ASAP_KEYSERVER"), asap.then(|| format!("{keys}/asap")).as_deref());
        let docker = read(&text);
        for variable in
            ["app_secret", "asap_key_server", "asap_accepted_issuers", "enable_domain_verification"]
        {
            assert_eq!(docker.option("*", variable), None, "docker has a variable for {variable}");
        }
        assert_eq!(docker.text("*", "signature_algorithm").as_deref(), Some(algorithm));
        assert_eq!(docker.text("*", "cache_keys_url"), all.map(|all| format!("{keys}/{all}")));
        assert_eq!(docker.text("*", "breakout_rooms_muc").as_deref(), Some("breakout.meet.test"));
    }
}

#[test]
fn where_tokens_are_for_any_audience_prosody_accepts_any_and_the_file_says_why() {
    let url = "https://frontdesk.test".parse().unwrap();
    let text = |target, any_audience| {
        let mut setup = setup(target, &url, Some(Tokens::Asap));
        setup.tokens = setup.tokens.map(|tokens| Verification { any_audience, ..tokens });
        setup.render()
    };
    let debian = text(Target::Debian, true);
    let list = |items: &[&str]| {
        Value::Table(items.iter().map(|item| Value::Text((*item).to_owned())).collect(), [].into())
    };
    let config = read(&debian);
    assert_eq!(config.option("*", "asap_accepted_audiences"), Some(&list(&["jitsi", "*"])));
    assert_eq!(config.option("*", "asap_accepted_issuers"), Some(&list(&["frontdesk"])));
    assert!(debian.contains("\nasap_accepted_audiences = { \"jitsi\", \"*\" }\n"), "{debian}");
    let why = |text: &str| text.contains("ProCONF");
    assert!(why(&debian) && !why(&text(Target::Debian, false)), "{debian}");
    let docker = text(Target::Docker, true);
    assert_eq!(docker.matches("\nJWT_ACCEPTED_AUDIENCES=jitsi,*\n").count(), 2, "either way: {docker}");
}

#[test]
fn a_prosody_that_was_not_added_gets_the_deployments_keys_and_need_not_tell_one_tenant_from_others() {
    let url = "https://frontdesk.test".parse().unwrap();
    let mut alone = setup(Target::Docker, &url, Some(Tokens::Jwks));
    alone.tokens = alone.tokens.map(|tokens| Verification { server: None, several_tenants: false, ..tokens });
    let text = alone.render();
    assert!(text.contains("JWT_ASAP_KEYSERVER=https://frontdesk.test/keys/asap\n"), "{text}");
    assert!(text.contains("cache_keys_url = \"https://frontdesk.test/.well-known/jwks.json\""), "{text}");
    assert!(!text.contains("JWT_ENABLE_DOMAIN_VERIFICATION"), "{text}");
}

#[test]
fn names_with_quotes_stay_in_their_place() {
    let url = "http://frontdesk:8180".parse().unwrap();
    let odd = Setup { server: Some("a\"b\nos.exit()"), ..setup(Target::Debian, &url, None) };
    read(&odd.render());
}
