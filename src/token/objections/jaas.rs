//! What JaaS (Jitsi as a Service, by 8x8) says.
//!
//! Source: its pages "The Jitsi as a Service JWT" and "JWT on the client": constants in `iss` and `aud`, the AppID in `sub`
//! and in front of the `kid`, booleans as strings.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Seen, Verdict, common, is_text};
use crate::token::VerifierKind;
use crate::token::settings::APP_ID;

pub(super) fn verdict(seen: &Seen<'_>, now: DateTime<Utc>) -> Verdict {
    let mut verdict = Verdict::of(VerifierKind::Jaas);
    common(seen, now, &mut verdict);
    let alg = seen.header.get("alg");
    verdict.objects(alg.is_none_or(|alg| alg != "RS256"), "`alg` has to be `RS256`");
    verdict.objects(
        !seen.claims.get("exp").is_some_and(Value::is_number),
        "`exp` has to be there, as a number of seconds",
    );
    for (name, constant) in [("iss", "chat"), ("aud", "jitsi")] {
        let said = seen.claims.get(name);
        verdict.objects(
            said.is_none_or(|said| said != constant),
            format!("`{name}` has to be \"{constant}\", a constant"),
        );
    }
    keys(seen, &mut verdict);
    let room = seen.claims.get("room");
    verdict.objects(!is_text(room), "`room` has to be there: a room's name, or `*` for all");
    verdict.remarks(room.is_some_and(|room| room == "*"), "`room` is `*`: it opens every room of the AppID");
    if let Some(wanted) = seen.room {
        let is_it = |room: &str| room == "*" || room.parse().is_ok_and(|room| *wanted == room);
        verdict.objects(
            room.and_then(Value::as_str).is_some_and(|room| !is_it(room)),
            "`room` is the name of another room",
        );
    }
    context(seen, &mut verdict);
    verdict
}

/// Whose rooms they are, and who signed.
fn keys(seen: &Seen<'_>, verdict: &mut Verdict) {
    let app = seen.claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    verdict.objects(!app.starts_with(APP_ID), format!("`sub` has to be your AppID: `{APP_ID}…`"));
    if let Some(own) = seen.subject.filter(|_| seen.settings.verifier == VerifierKind::Jaas) {
        verdict.objects(app != own.as_str(), format!("`sub` is not this tenant's AppID, `{}`", own.as_str()));
    }
    let kid = seen.header.get("kid").and_then(Value::as_str).unwrap_or_default();
    let is_theirs = !app.is_empty() && kid.strip_prefix(app).is_some_and(|key| key.starts_with('/'));
    verdict
        .objects(!is_theirs, "`kid` has to be the key's id as JaaS shows it: your AppID, `/`, and the key");
}

fn context(seen: &Seen<'_>, verdict: &mut Verdict) {
    let context = seen.claims.get("context").and_then(Value::as_object);
    verdict.objects(context.is_none(), "`context` has to be there, as an object");
    let members = |name: &str| context.and_then(|context| context.get(name)).and_then(Value::as_object);
    let is_flag = |value: &Value| *value == "true" || *value == "false";
    for name in ["moderator", "hidden-from-recorder"] {
        let flag = members("user").and_then(|user| user.get(name));
        verdict.remarks(
            flag.is_some_and(|flag| !is_flag(flag)),
            format!("`context.user.{name}` is not one of the strings \"true\" and \"false\""),
        );
    }
    let features = members("features");
    verdict.remarks(
        features.is_some_and(|features| !features.values().all(is_flag)),
        "`context.features` has values other than the strings \"true\" and \"false\"",
    );
}
