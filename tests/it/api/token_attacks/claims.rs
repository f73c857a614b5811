//! Attacks with claims that mean something at one door only.

use super::table::{Attack, Door, Table};

/// Those on room tokens only.
pub fn at_the_rooms(door: &Door) -> Vec<Attack> {
    let mut table = Table::default();
    let refused = |code| (code, None);
    for (claim, code) in [("iss", "wrong_issuer"), ("aud", "wrong_audience"), ("sub", "wrong_subject")] {
        let missing = door.signed(&door.header, &door.claims.without(claim));
        table.add(&format!("no {claim}"), missing, refused(code));
        let good = match claim {
            "iss" => "frontdesk",
            "aud" => "jitsi",
            _ => "meet.test",
        };
        let array = format!("[\"{good}\"]");
        let padded = format!("\"{good} \"");
        for value in ["\"*\"", "\"other\"", "\"\"", "null", "1", "{}", &array, &padded] {
            table.add(&format!("{claim} {value}"), door.claim(claim, value), refused(code));
        }
    }
    for room in ["\"other\"", "\"[other]standup\"", "\"standup \"", "\"standup/../x\"", "\"st%61ndup\""] {
        table.add(&format!("room {room}"), door.claim("room", room), refused("wrong_room"));
    }
    for room in ["\"\"", "null", "1", "[\"standup\"]", "{}"] {
        table.add(&format!("room {room}"), door.claim("room", room), refused("bad_claim"));
    }
    let pattern = door.claims.with("room", "\".*\"").and("context", "{\"room\":{\"regex\":true}}");
    table.add("a pattern", door.signed(&door.header, &pattern), refused("wildcard"));
    table.add("room *", door.claim("room", "\"*\""), refused("wildcard"));
    let nobody = "01900000-0000-7000-8000-000000000000";
    for ours in ["null", "{}", "[]", "\"\"", &format!("{{\"tenant\":\"{nobody}\"}}"), "{\"tenant\":null}"] {
        table.add(&format!("frontdesk {ours}"), door.claim("frontdesk", ours), refused("not_ours"));
    }
    table.add(
        "no frontdesk",
        door.signed(&door.header, &door.claims.without("frontdesk")),
        refused("not_ours"),
    );
    table.add("no kid", door.signed(&door.header.without("kid"), &door.claims), refused("unknown_key"));
    for kid in ["nobody", "SHARED", "shared.pem", "shar", "shared/x", "01900000-0000-7000-8000-000000000000"]
    {
        let header = door.header.with("kid", &format!("\"{kid}\""));
        table.add(&format!("kid {kid}"), door.signed(&header, &door.claims), refused("unknown_key"));
    }
    table.0
}

/// Those on apps' own tokens only.
pub fn at_the_api(door: &Door) -> Vec<Attack> {
    let mut table = Table::default();
    let audience = ("", Some("`aud` is not `frontdesk`"));
    for value in
        ["\"*\"", "\"jitsi\"", "\"Frontdesk\"", "\"\"", "[]", "[\"jitsi\"]", "null", "1", "{\"frontdesk\":1}"]
    {
        table.add(&format!("aud {value}"), door.claim("aud", value), audience);
    }
    for value in ["\"calendar\"", "null", "1", "[]", "\"' OR 1=1 --\"", "\"../../apps\""] {
        table.add(&format!("app {value}"), door.claim("app", value), ("", Some("`app` can't be read")));
    }
    let nobody = "\"01900000-0000-7000-8000-000000000000\"";
    table.add("an app that is not there", door.claim("app", nobody), ("", Some("from no app")));
    let missing = door.signed(&door.header, &door.claims.without("app"));
    table.add("no app", missing, ("", Some("lacks the claim `app`")));
    let day = (door.now + 25 * 3600).to_string();
    table.add("for 25 hours", door.claim("exp", &day), ("", Some("expires more than 24 hours from now")));
    table.0
}
