"""Datagram: aliases, and tokens of their own."""

import json
import re
import time

import jwt
import pytest
import requests
from callers import Datagram, in_an_hour
from organisation import moderates, node

MEMBERS = {"id", "type", "name", "passcode", "jwt_secret", "stream_key", "expired_at"}


@pytest.fixture(scope="module")
def app(org):
    return Datagram(org)


def is_refused(answer, status, message=None):
    """As the page refuses to make an alias."""
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert said.keys() == {"message"}
    assert isinstance(said["message"], str) and said["message"]
    assert message in (None, said["message"])


def is_unauthorized(answer):
    """As the page refuses to show one."""
    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})


def is_not_found(answer):
    assert (answer.status_code, answer.json()) == (404, {"error": "Alias not found"})


def test_the_example_makes_an_alias_when_its_end_is_still_to_come(app):
    asked = {"type": "conference", "name": "Private Alias Name", "jwt_secret": "your-secure-secret", "expired_at": in_an_hour()}
    answer = app.post(asked, app.authorization)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made.keys() == {*MEMBERS, "data"}
    assert made.pop("data") == made
    assert re.fullmatch(r"alias_[a-z0-9]{10}", made["id"])
    assert {name: made[name] for name in asked} == asked
    assert made["passcode"] is None and made["stream_key"] is None


def test_the_example_as_it_stands_is_over_and_refused(app):
    example = {
        "type": "conference",
        "name": "Private Alias Name",
        "jwt_secret": "your-secure-secret",
        "expired_at": 1737456308
    }
    is_refused(app.post(example, app.authorization), 400)


def test_an_alias_is_a_room_until_it_expires(org, app):
    made = app.alias()
    booked = org.appointment(made["id"])
    assert booked["title"] == "Private Alias Name"
    assert booked["ends"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made["expired_at"]))
    status, opened = org.ask(made["id"])
    assert status == 200, opened
    assert "password" not in opened


def test_a_passcode_is_the_rooms_password(org, app):
    made = app.alias(passcode="Pr0d!2024")
    assert made["passcode"] == "Pr0d!2024"
    assert org.ask(made["id"])[1]["password"] == "Pr0d!2024"
    assert app.retrieve(made["id"])["passcode"] == "Pr0d!2024"


def test_what_is_live_has_a_key_to_stream_with(app):
    lives = [app.alias(type="live") for _ in range(2)]
    for made in lives:
        assert made["type"] == "live"
        assert isinstance(made["stream_key"], str) and len(made["stream_key"]) > 10
        assert app.retrieve(made["id"])["stream_key"] == made["stream_key"]
    assert lives[0]["stream_key"] != lives[1]["stream_key"]


@pytest.mark.parametrize("field", ["type", "jwt_secret", "expired_at"])
def test_what_is_required_has_to_be_there(app, field):
    is_refused(app.ask(**{field: None}), 400)
    example = app.example()
    del example[field]
    is_refused(app.post(example, app.authorization), 400)


@pytest.mark.parametrize("field", ["name", "passcode"])
def test_what_is_not_required_may_be_left_out_or_null(app, field):
    example = app.example(passcode="1234")
    for asked in ({**example, field: None}, {name: value for name, value in example.items() if name != field}):
        answer = app.post(asked, app.authorization)
        assert answer.status_code == 200, answer.text
        assert field != "passcode" or answer.json()["passcode"] is None


@pytest.mark.parametrize("field, wrong", [
    *(("type", wrong) for wrong in ("", "webinar", "Conference", 7, True, [])),
    *(("name", wrong) for wrong in (7, True, [], {})),
    *(("passcode", wrong) for wrong in (7, True, [], {})),
    *(("jwt_secret", wrong) for wrong in ("", "x" * 257, "ü" * 129, 7, True, [])),
    *(("expired_at", wrong) for wrong in ("soon", True, 1.5, [], 0, -1, 10**30)),
])
def test_a_field_of_another_kind_is_refused(app, field, wrong):
    is_refused(app.ask(**{field: wrong}), 400)


def test_milliseconds_and_what_is_no_whole_number_are_refused(app):
    # The page has an example in milliseconds.
    for wrong in (1735689600000, in_an_hour() * 1000, str(in_an_hour()), in_an_hour() + 0.5):
        is_refused(app.ask(expired_at=wrong), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"alias"', b"null", b"\xff"])
def test_what_is_no_object_is_refused(app, body):
    headers = {"Authorization": app.authorization, "Content-Type": "application/json"}
    is_refused(requests.post(f"{app.aliases}/create", data=body, headers=headers), 400)


def test_nobody_makes_an_alias_without_a_good_credential(app):
    for wrong in (None, "Bearer", "Bearer nonsense", app.authorization + "x", app.authorization.replace("Bearer", "Basic")):
        is_refused(app.post(app.example(), wrong), 401, "UNAUTHORIZED")


def test_an_app_without_a_scope_and_a_tenant_that_does_not_speak_datagrams_make_no_aliases(org, other):
    for scopes in (["appointments:write"], ["tokens:mint"]):
        is_refused(Datagram(org, *scopes).ask(), 403)
    other.speak("jiomeet", "metered", "proconf")
    is_refused(Datagram(other).ask(), 404, "Alias not found")


def test_who_signs_with_the_secret_of_an_alias_is_shown_it_by_jsonwebtoken_and_axios(org, app):
    made = app.alias()
    claims = {"alias": made["id"], "user_id": "user789xyz", "host": True, "expires_in": 3600}
    played = json.loads(node("datagram.js", org.url, made["jwt_secret"], json.dumps(claims)))
    assert played["status"] == 200, played
    assert (played["body"]["alias"], played["body"]["status"]) == (made["id"], "active")
    assert moderates(org.verified(played["body"]["token"]))


def test_an_alias_is_shown_with_a_token_and_a_link_that_lead_in(org, app):
    made = app.alias()
    for host in (True, False):
        shown = app.retrieve(made["id"], host=host)
        assert shown.keys() == {"alias", "status", "type", "name", "passcode", "expired_at", "stream_key", "join_url", "token"}
        assert (shown["alias"], shown["status"]) == (made["id"], "active")
        for member in ("type", "name", "passcode", "expired_at", "stream_key"):
            assert shown[member] == made[member]
        claims = org.verified(shown["token"])
        assert (claims["room"], moderates(claims)) == (made["id"], host)
        assert claims["context"]["user"]["id"] == "user789xyz"
        assert claims["exp"] <= made["expired_at"]
        assert shown["join_url"] == f"https://meet.example.org/{org.name}/{made['id']}?jwt={shown['token']}"
    assert not moderates(org.verified(app.retrieve(made["id"], host=None)["token"])), "a host is who is said to be one"


@pytest.mark.parametrize("claims", [
    {"iat": 0, "expires_in": 60},
    {"iat": -3000, "expires_in": 3600},
    {"iat": None, "expires_in": None, "exp": 60},
    {"iat": 0, "expires_in": None, "exp": 60},
])
def test_a_token_is_good_until_it_says(app, claims):
    made = app.alias()
    app.retrieve(made["id"], **moments(claims))


@pytest.mark.parametrize("claims", [
    {"iat": -3700, "expires_in": 3600},
    {"iat": 0, "expires_in": -60},
    {"iat": 0, "expires_in": "3600"},
    {"iat": None, "expires_in": None},
    {"iat": None, "expires_in": 3600},
    {"iat": None, "expires_in": None, "exp": -60},
    {"iat": 0, "exp": -60},
    {"alias": "alias_0000000000"},
    {"alias": None},
    {"alias": 7},
    {"host": "true"},
    {"host": 1},
    {"user_id": 7},
])
def test_a_token_that_is_over_or_says_something_else_is_refused(app, claims):
    made = app.alias()
    is_unauthorized(app.get(made["id"], app.sign(**{"alias": made["id"], **moments(claims)})))


def moments(claims):
    """They are told from now on."""
    there = {name: value for name, value in claims.items() if name in ("exp", "iat") and value is not None}
    return {**claims, **{name: value + int(time.time()) for name, value in there.items()}}


def test_a_token_is_signed_with_the_secret_of_its_alias_by_hs256(app):
    made, another = app.alias(), app.alias(jwt_secret="another")
    for secret in ("another", "your-secure-secre", "your-secure-secret ", made["id"]):
        is_unauthorized(app.get(made["id"], app.sign(made["id"], secret)))
    is_unauthorized(app.get(another["id"], app.sign(another["id"])))
    for algorithm in ("HS384", "HS512"):
        is_unauthorized(app.get(made["id"], app.sign(made["id"], algorithm=algorithm)))
    unsigned = jwt.encode({"alias": made["id"], "user_id": "x", "iat": int(time.time()), "expires_in": 60}, None, "none")
    for wrong in (None, "nonsense", "a.b.c", unsigned, app.authorization.removeprefix("Bearer ")):
        is_unauthorized(app.get(made["id"], wrong))


@pytest.mark.parametrize("secret", ["x", " ", "x" * 256, "ü" * 128, "日本", '"\\'])
def test_any_secret_of_1_to_256_bytes_will_do(app, secret):
    made = app.alias(jwt_secret=secret)
    assert made["jwt_secret"] == secret
    assert app.get(made["id"], app.sign(made["id"], secret)).status_code == 200


@pytest.mark.parametrize("alias", ["alias_0000000000", "alias_2XH5gT8vKp", "alias123abc", "x", "%20", "%ff"])
def test_an_alias_that_is_not_there_is_not_found(app, alias):
    is_not_found(app.get(alias, app.sign(alias)))
