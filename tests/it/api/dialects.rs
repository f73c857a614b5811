//! Which languages of other systems a tenant's apps may speak.

use frontdesk::actions::signing_keys::{KeyOwner, KeySource, add_signing_key};
use frontdesk::reservation::Scope;
use frontdesk::signing::{Algorithm, Imported, SigningKey};
use serde_json::{Value, json};

use super::client::Client;
use super::forge::Signer;
use super::tokens::{RSA, active, signing};
use crate::world::World;

const PATH: &str = "/v1/tenants/acme/dialects";

async fn administrator(world: &World) -> Client {
    Client::with(world, "acme", &[Scope::Admin]).await
}

fn nothing_said() -> Value {
    json!({
        "spoken": [], "jiomeet_rooms": null, "jiomeet_url": null, "metered_token_lifetime_seconds": 86_400,
        "proconf_room_length_seconds": 86_400,
    })
}

#[tokio::test]
async fn a_tenant_s_apps_speak_what_an_administrator_says() {
    let world = World::new().await;
    world.tenant("globex", |_| {}).await;
    let admin = administrator(&world).await;
    assert_eq!(admin.get(PATH).await.body, nothing_said());
    let all = json!({
        "spoken": ["datagram", "jiomeet", "metered", "proconf", "jiomeet"], "jiomeet_rooms": 3,
        "jiomeet_url": "https://Acme.example.org/", "metered_token_lifetime_seconds": 60,
        "proconf_room_length_seconds": 604_800,
    });
    let mut expected = all.clone();
    expected["spoken"] = json!(["jiomeet", "metered", "proconf", "datagram"]);
    expected["jiomeet_url"] = json!("https://acme.example.org");
    let changed = admin.patch(PATH, all).await;
    assert_eq!((changed.status, &changed.body), (200, &expected));
    assert_eq!(admin.get(PATH).await.body, expected);
    assert_eq!(admin.patch(PATH, json!({})).await.body, expected, "what is left out stays");
    for (name, value) in [
        ("spoken", json!(["proconf"])),
        ("jiomeet_rooms", Value::Null),
        ("jiomeet_url", Value::Null),
        ("metered_token_lifetime_seconds", json!(3600)),
        ("proconf_room_length_seconds", json!(60)),
        ("spoken", json!([])),
    ] {
        expected[name] = value.clone();
        assert_eq!(admin.patch(PATH, json!({ name: value })).await.body, expected, "{name}");
    }
    assert_eq!(admin.get("/v1/tenants/globex/dialects").await.body, nothing_said(), "it is another tenant");
    assert_eq!(admin.get("/v1/tenants/nobody/dialects").await.status, 404);
    assert_eq!(admin.patch("/v1/tenants/nobody/dialects", json!({})).await.status, 404);
    let app = Client::of(&world, "acme").await;
    assert_eq!(app.get(PATH).await.code(), "insufficient_scope");
}

#[tokio::test]
async fn what_can_t_be_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let admin = administrator(&world).await;
    for (body, pointer) in [
        (json!({ "spoken": null }), "/spoken"),
        (json!({ "spoken": "jiomeet" }), "/spoken"),
        (json!({ "spoken": ["metered", "zoom"] }), "/spoken/1"),
        (json!({ "spoken": ["JioMeet"] }), "/spoken/0"),
        (json!({ "jiomeet_rooms": 0 }), "/jiomeet_rooms"),
        (json!({ "jiomeet_rooms": 1_000_001 }), "/jiomeet_rooms"),
        (json!({ "jiomeet_url": "acme.example.org" }), "/jiomeet_url"),
        (json!({ "metered_token_lifetime_seconds": null }), "/metered_token_lifetime_seconds"),
        (json!({ "metered_token_lifetime_seconds": 59 }), "/metered_token_lifetime_seconds"),
        (json!({ "metered_token_lifetime_seconds": 86_401 }), "/metered_token_lifetime_seconds"),
        (json!({ "proconf_room_length_seconds": 59 }), "/proconf_room_length_seconds"),
        (json!({ "proconf_room_length_seconds": 604_801 }), "/proconf_room_length_seconds"),
        (json!({ "proconf_room_length": 60 }), "/proconf_room_length"),
    ] {
        let refused = admin.patch(PATH, body).await;
        assert_eq!((refused.status, refused.pointers()), (422, vec![pointer]), "{refused:?}");
    }
    let all = json!({ "spoken": ["zoom"], "jiomeet_rooms": 0, "proconf_room_length_seconds": "1d" });
    let refused = admin.patch(PATH, all).await;
    assert_eq!(refused.pointers(), ["/spoken/0", "/jiomeet_rooms", "/proconf_room_length_seconds"]);
    assert_eq!(admin.get(PATH).await.body, nothing_said());
}

#[tokio::test]
async fn a_token_for_any_audience_is_good_where_the_tenant_s_apps_speak_proconf() {
    let (world, app, _) = signing().await;
    let admin = administrator(&world).await;
    let owner = KeyOwner::Tenant("acme".parse().unwrap());
    let key = SigningKey::read(Algorithm::Rs256, RSA.clone().into()).unwrap();
    let source = KeySource::Import(Imported { key, kid: None });
    let key = add_signing_key(&world.app, &owner, Algorithm::Rs256, source, None).await.unwrap();
    let kid = active(&world, &owner, key).await.kid;
    let booked = app.book("room", "09:00", "10:00").await;
    let made = app.post(&format!("/v1/appointments/{}/tokens", booked.id()), json!({})).await;
    let look = async |audience: &str| {
        let mut claims = made.body["claims"].clone();
        claims["aud"] = json!(audience);
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": kid.as_str() }).to_string();
        let token = Signer::rs256(&RSA).token(header.as_bytes(), claims.to_string().as_bytes());
        let seen = app.post("/v1/tokens/verify", json!({ "token": token })).await.body;
        (seen["problems"][0]["code"].clone(), seen["verifiers"][0]["accepts"].clone())
    };
    let (good, bad) = ((Value::Null, json!(true)), (json!("wrong_audience"), json!(false)));
    for (spoken, any) in [(json!([]), &bad), (json!(["metered"]), &bad), (json!(["proconf"]), &good)] {
        admin.patch(PATH, json!({ "spoken": spoken })).await;
        assert_eq!(look("*").await, *any, "{spoken}");
        assert_eq!(look("jitsi").await, good, "{spoken}");
        assert_eq!(look("other").await, bad, "{spoken}");
    }
}
