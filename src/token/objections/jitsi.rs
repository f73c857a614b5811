//! What a Jitsi Meet of one's own says, as `frontdesk prosody-config` sets it up.
//!
//! Source: jitsi-meet `resources/prosody-plugins`: `luajwtjitsi.lib.lua` (`verify`), `token/util.lib.lua`
//! (`process_and_verify_token`, `verify_room`), `util.lib.lua` (`update_presence_identity`, `is_feature_allowed`); and
//! jitsi-contrib `mod_token_affiliation.lua`, `mod_token_lobby_bypass.lua`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Seen, Signature, Verdict, common, is_text};
use crate::reservation::RoomKey;
use crate::signing::Claims;
use crate::token::VerifierKind;
use crate::token::check::{ANY_AUDIENCE, is_pattern};

/// Source: `alg_verify` knows no others.
const ALGORITHMS: [&str; 6] = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512"];

pub(super) fn verdict(seen: &Seen<'_>, now: DateTime<Utc>) -> Verdict {
    let mut verdict = Verdict::of(VerifierKind::Jitsi);
    common(seen, now, &mut verdict);
    header(seen, &mut verdict);
    parties(seen, &mut verdict);
    subject(seen, &mut verdict);
    room(seen, &mut verdict);
    context(seen.claims, &mut verdict);
    let endless = seen.claims.get("exp").is_none_or(|exp| *exp == false);
    verdict.remarks(endless, "it has no `exp`: it is taken for ever");
    verdict
        .objects(seen.claims.get("exp") == Some(&Value::Bool(true)), "`exp` has to be a number of seconds");
    verdict
        .objects(seen.claims.get("nbf") == Some(&Value::Bool(true)), "`nbf` has to be a number of seconds");
    verdict.remarks(
        seen.signature == Signature::Withdrawn,
        "with `asap_key_server`, Prosody keeps the keys that it knows for as long as it runs",
    );
    verdict
}

fn header(seen: &Seen<'_>, verdict: &mut Verdict) {
    let named = seen.header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if seen.settings.verifier == VerifierKind::Jitsi {
        let algorithm = seen.settings.algorithm;
        verdict.objects(
            named != algorithm.as_str(),
            format!("`alg` has to be `{algorithm}`, as Prosody's `signature_algorithm` is for this tenant's tokens"),
        );
    }
    verdict.objects(
        !ALGORITHMS.contains(&named),
        "it verifies HS256, HS384, HS512, RS256, RS384 and RS512, and no other `alg`",
    );
    verdict.objects(
        named.starts_with("RS") && !seen.header.contains_key("kid"),
        "there is no `kid`, by which Prosody looks for the public key",
    );
}

fn parties(seen: &Seen<'_>, verdict: &mut Verdict) {
    for (name, option, accepted, any) in [
        ("iss", "asap_accepted_issuers", seen.settings.issuer.as_str(), false),
        ("aud", "asap_accepted_audiences", seen.settings.audience.as_str(), seen.any_audience),
    ] {
        match seen.claims.get(name) {
            None => verdict.objections.push(format!("`{name}` is missing")),
            Some(Value::String(said)) if said == accepted || any && said == ANY_AUDIENCE => {}
            Some(Value::Array(_)) => verdict.objections.push(format!(
                "`{name}` is an array, and it compares strings: write \"{accepted}\" (only a Prosody whose `{option}` \
                 has `*` looks at none)"
            )),
            Some(_) => verdict
                .objections
                .push(format!("`{name}` is not \"{accepted}\" (or else has to be in Prosody's `{option}`)")),
        }
    }
}

fn subject(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(said) = seen.claims.get("sub").and_then(Value::as_str) else {
        let why = "`sub` is missing, or not a string: nobody gets into a room, as it is lower-cased unseen";
        return verdict.objections.push(why.to_owned());
    };
    if said == "*" {
        return verdict.remarks.push("`sub` is `*`: it is good for the rooms of every tenant".to_owned());
    }
    if let Some(subject) = seen.subject {
        verdict.objects(
            !said.eq_ignore_ascii_case(subject.as_str()),
            format!(
                "`sub` is compared with the tenant in the room's address, and where none is there with the domain: here \
                 it has to be \"{}\"",
                subject.as_str()
            ),
        );
    }
}

fn room(seen: &Seen<'_>, verdict: &mut Verdict) {
    if !is_text(seen.claims.get("room")) {
        return verdict.objections.push("`room` has to be there, as a string".to_owned());
    }
    let said = seen.claims.get("room").and_then(Value::as_str).unwrap_or_default();
    let lower = said.to_ascii_lowercase();
    if said == "*" {
        return verdict.remarks.push("`room` is `*`: it opens every room of `sub`".to_owned());
    }
    if is_pattern(seen.claims) {
        verdict
            .remarks
            .push("`room` is a pattern of Lua's, which a room's name has to match as a whole".to_owned());
        verdict.remarks(
            lower != said,
            "the pattern is lower-cased before it is matched: `%S`, which is no space, becomes `%s`, which is one",
        );
        verdict.remarks(
            lower.replace("%-", "").contains('-'),
            "`-` in a pattern repeats what is before it; a hyphen is written `%-`",
        );
        return;
    }
    match (seen.room, said.parse::<RoomKey>()) {
        (Some(wanted), _) => verdict.objects(
            lower != wanted.web_form(),
            format!(
                "`room` is compared with the room as browsers write it, which is \"{}\"",
                wanted.web_form()
            ),
        ),
        (None, Ok(room)) => verdict.objects(
            lower != room.web_form(),
            format!("`room` is compared with what browsers make of a name: write \"{}\"", room.web_form()),
        ),
        (None, Err(_)) => verdict.objections.push("`room` can't be the name of a room".to_owned()),
    }
}

fn context(claims: &Claims, verdict: &mut Verdict) {
    let Some(context) = claims.get("context") else { return };
    if matches!(context, Value::Null | Value::Bool(_) | Value::Number(_)) {
        return verdict
            .objections
            .push("`context` has to be an object: its members are looked at unseen".to_owned());
    }
    // What is `false` is nothing to Lua.
    let member = |name: &str| context.get(name).filter(|value| **value != false);
    match member("user") {
        None => {}
        Some(Value::Object(user)) => self::user(user, verdict),
        Some(_) => verdict.objections.push(
            "`context.user` has to be an object: its members are put into the presence, which fails"
                .to_owned(),
        ),
    }
    verdict.objects(
        member("user").is_some() && member("group").is_some_and(|group| !group.is_string()),
        "`context.group` has to be a string: it is put into the presence, which fails",
    );
    verdict.objects(
        matches!(member("room"), Some(Value::Null | Value::Bool(_) | Value::Number(_)))
            && claims.get("room").is_none_or(|room| room != "*"),
        "`context.room` has to be an object: its member `regex` is looked at unseen",
    );
    match context.get("features") {
        None => {}
        Some(Value::Object(features)) => {
            verdict.remarks.push(
                "`context.features` is the whole list: what is not in it is not allowed, not even to moderators"
                    .to_owned(),
            );
            let plain = |value: &Value| value.is_boolean() || *value == "true" || *value == "false";
            for name in features.iter().filter(|(_, value)| !plain(value)).map(|(name, _)| name) {
                verdict.remarks.push(format!(
                    "`context.features.{}` is neither `true` nor `false`: it is not allowed",
                    short(name)
                ));
            }
        }
        Some(_) => verdict.remarks.push("`context.features` is not an object: no feature works".to_owned()),
    }
}

fn user(user: &Claims, verdict: &mut Verdict) {
    for (name, value) in user {
        let name = short(name);
        match value {
            Value::Null => verdict
                .remarks
                .push(format!("`context.user.{name}` is null: others see `userdata: …`; leave it out")),
            Value::Array(_) | Value::Object(_) | Value::Number(_) => {
                verdict
                    .remarks
                    .push(format!("`context.user.{name}` is not a string: others see what Lua makes of it"));
            }
            Value::Bool(_) | Value::String(_) => {}
        }
    }
    let says = |name: &str, words: &[&str]| {
        user.get(name).is_none_or(|said| said.as_str().is_some_and(|said| words.contains(&said)))
    };
    let moderator = user.get("moderator");
    verdict.remarks(
        moderator.is_some_and(|said| !said.is_boolean()) && !says("moderator", &["true", "false"]),
        "`context.user.moderator` is neither `true` nor `false`: it makes no moderator",
    );
    verdict.remarks(
        !says("affiliation", &["owner", "member", "moderator", "teacher"]),
        "`context.user.affiliation` is neither \"owner\" nor \"member\": it makes no moderator",
    );
    verdict.remarks(
        moderator.is_some() || user.contains_key("affiliation"),
        "who moderates follows from the token only where Prosody has the module `token_affiliation`; elsewhere whoever \
         has a token does",
    );
    verdict.remarks(
        user.get("lobby_bypass").is_some_and(|bypass| !bypass.is_boolean()),
        "`context.user.lobby_bypass` is not a boolean: its holder waits in the lobby",
    );
}

/// A name as it can be shown.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(50).collect()
}
