//! Which languages of other systems a tenant's apps may speak, on the command line.

use serde_json::{Value, json};

use crate::rig::Setup;
use crate::world::World;

fn said(setup: &Setup, arguments: &[&str]) -> Value {
    setup.json(&[&["dialects"], arguments].concat())
}

fn refused(setup: &Setup, arguments: &[&str]) -> String {
    setup.refused(&[&["dialects"], arguments].concat())
}

#[tokio::test]
async fn a_tenant_s_languages_are_shown_and_changed_on_the_command_line() {
    let world = World::new().await;
    let setup = Setup::remote(&world.options);
    let mut expected = json!({
        "spoken": [], "jiomeet_rooms": null, "jiomeet_url": null, "metered_token_lifetime_seconds": 86_400,
        "proconf_room_length_seconds": 86_400,
    });
    assert_eq!(said(&setup, &[]), expected);
    let shown = setup.run(&["dialects"]).unwrap();
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["spoken", "none"])), "{shown}");
    for (arguments, name, value) in [
        (&["--speak", "metered,jiomeet"][..], "spoken", json!(["jiomeet", "metered"])),
        (&["--jiomeet-rooms", "100"], "jiomeet_rooms", json!(100)),
        (&["--jiomeet-url", "https://acme.test/"], "jiomeet_url", json!("https://acme.test")),
        (&["--metered-token-lifetime", "2h"], "metered_token_lifetime_seconds", json!(7200)),
        (&["--proconf-room-length", "7d"], "proconf_room_length_seconds", json!(604_800)),
        (&["--speak", "proconf", "--speak", "datagram"], "spoken", json!(["proconf", "datagram"])),
        (&["--jiomeet-rooms", "none"], "jiomeet_rooms", Value::Null),
        (&["--jiomeet-url", "none"], "jiomeet_url", Value::Null),
        (&["--speak", "none"], "spoken", json!([])),
    ] {
        expected[name] = value;
        assert_eq!(said(&setup, arguments), expected, "{arguments:?}");
        assert_eq!(said(&setup, &["--tenant", "acme"]), expected);
    }
    for (arguments, why) in [
        (&["--speak", "none,jiomeet"][..], "`--speak none`"),
        (&["--speak", "zoom"], "jiomeet, metered, proconf, datagram"),
        (&["--jiomeet-rooms", "0"], "or write `none`"),
        (&["--metered-token-lifetime", "25h"], "one minute to 24 hours"),
        (&["--proconf-room-length", "30s"], "one minute to 7 days"),
        (&["--tenant", "nobody"], "there is no tenant `nobody`"),
    ] {
        let refused = refused(&setup, arguments);
        assert!(refused.contains(why), "{arguments:?}: {refused}");
    }
    assert_eq!(said(&setup, &[]), expected);
    world.tenant("globex", |_| {}).await;
    assert!(refused(&setup, &[]).contains("--tenant"), "there are several");
}
