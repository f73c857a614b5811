"""ProCONF: tokens for rooms, booked or not."""

import json
import time

import jwt
import pytest
import requests
from callers import ProConf
from organisation import moderates, node

from desk import minutes, now

DAY = 24 * 3600

MESSAGES = {
    400: "Invalid body in request.",
    401: "Unauthorized",
    404: "Not found",
    500: "Internal server error",
}


@pytest.fixture(scope="module")
def app(org):
    return ProConf(org)


def is_envelope(status, said, wanted):
    """An error as the page has it; a detail may say more."""
    assert status == wanted, said
    assert said.keys() == {"data", "error"}
    assert said["data"] is None
    said["error"].pop("detail", None)
    assert said["error"] == {"code": wanted, "message": MESSAGES[wanted]}


def is_refused(answer, wanted):
    is_envelope(answer.status_code, answer.json(), wanted)


def says(org, app, *words, **more):
    return org.verified(app.token(*words, **more), "*")


@pytest.mark.parametrize("axios", ["axios", "axios-2024"])
def test_the_sample_gets_its_token_through_an_application_server(org, app, axios):
    asked = json.dumps({"role": "owner", "room": "testRoom", "participantName": "Alex"})
    played = json.loads(node("proconf.js", axios, f"{org.url}/api", app.authorization, asked))
    assert played["status"] == 200, played
    assert played["body"].keys() == {"error", "data"}
    assert played["body"]["error"] is None
    claims = org.verified(played["body"]["data"], "*")
    assert (claims["room"], claims["participantName"]) == ("testroom", "Alex")


@pytest.mark.parametrize("axios", ["axios", "axios-2024"])
def test_the_sample_is_told_in_the_pages_words_what_is_wrong(org, app, axios):
    asked = {"role": "owner", "room": "testRoom", "participantName": "Alex"}
    for authorization, body, status in [("", asked, 401), (app.authorization, {**asked, "role": "guest"}, 400)]:
        played = json.loads(node("proconf.js", axios, f"{org.url}/api", authorization, json.dumps(body)))
        is_envelope(played["status"], played["body"], status)


@pytest.mark.parametrize("path", ["/proconfToken", "/api/proconf-token"])
def test_the_token_says_what_the_pages_does(org, app, path):
    body = {"role": "owner", "room": "testRoom", "participantName": "Alex"}
    answer = app.post(body, app.authorization, path)
    assert answer.status_code == 200, answer.text
    claims = org.verified(answer.json()["data"], "*")
    assert claims["aud"] == "*"
    assert isinstance(claims["iss"], str) and claims["iss"]
    assert claims["sub"] == org.name
    assert claims["room"] == "testroom"
    assert claims["context"]["user"]["role"] == "owner"
    assert claims["context"]["user"]["name"] == claims["participantName"] == "Alex"
    assert claims["nbf"] <= claims["iat"] < claims["exp"]


@pytest.mark.parametrize("role, expected", [("owner", True), ("moderator", True), ("participant", False)])
def test_owners_and_moderators_moderate(org, app, role, expected):
    claims = says(org, app, role)
    assert moderates(claims) is expected
    assert claims["context"]["user"]["role"] == role


@pytest.mark.parametrize("field", ["role", "room", "participantName"])
def test_each_field_has_to_be_there_as_text(app, field):
    body = {"role": "owner", "room": "testRoom", "participantName": "Alex"}
    is_refused(app.post({name: value for name, value in body.items() if name != field}, app.authorization), 400)
    for wrong in (None, 7, True, "", ["a"], {}):
        is_refused(app.post({**body, field: wrong}, app.authorization), 400)


@pytest.mark.parametrize("role", ["guest", "admin", "host", "Owner ", "owner\n"])
def test_another_role_is_refused(app, role):
    is_refused(app.ask(role), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"room"', b"null", b"\xff"])
def test_what_is_no_object_is_refused(org, app, body):
    headers = {"Authorization": app.authorization, "Content-Type": "application/json"}
    is_refused(requests.post(f"{org.url}/proconfToken", data=body, headers=headers), 400)


@pytest.mark.parametrize("path", ["/proconfToken", "/api/proconf-token"])
def test_nobody_gets_a_token_without_a_good_credential(org, app, path):
    body = {"role": "owner", "room": "testRoom", "participantName": "Alex"}
    for wrong in (None, "Bearer", "Bearer nonsense", app.authorization + "x", app.authorization.replace("Bearer", "Basic")):
        is_refused(app.post(body, wrong, path), 401)


@pytest.mark.parametrize("path", ["/proconfToken", "/api/proconf-token"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_not_found(org, app, method, path):
    is_refused(requests.request(method, org.url + path, headers={"Authorization": app.authorization}), 404)


@pytest.mark.parametrize("path", ["/proconfToken/more", "/api/proconf-token/more"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_below_is_not_found(org, app, method, path):
    is_refused(requests.request(method, org.url + path, headers={"Authorization": app.authorization}, json={}), 404)


def test_a_room_that_nobody_has_booked_is_booked_for_a_day(org, app):
    claims = says(org, app, room="Unbooked Room")
    assert claims["room"] == "unbooked%20room"
    assert abs(claims["exp"] - time.time() - DAY) < 60
    booked = org.appointment("Unbooked Room")
    assert booked["state"] == "ongoing"
    status, opened = org.ask("Unbooked Room")
    assert status == 200, opened
    # The second one comes to the same.
    assert says(org, app, room="unbooked room", role="participant")["exp"] == claims["exp"]
    assert org.appointment("unbooked room")["id"] == booked["id"]


def test_how_long_such_a_room_is_booked_is_for_the_tenant_to_say(other):
    other.speak("proconf", proconf_room_length_seconds=3600)
    claims = says(other, ProConf(other))
    assert abs(claims["exp"] - time.time() - 3600) < 60


def test_a_token_for_a_booked_room_has_its_window(org, app):
    starts = now() + minutes(60)
    booked = org.book(starts, minutes(30))
    token = app.token(room=booked.room)
    with pytest.raises(jwt.ImmatureSignatureError):
        org.verified(token, "*")
    claims = org.verified(token, "*", verify_nbf=False)
    assert claims["exp"] == int((starts + minutes(30)).timestamp())
    # The room opens a minute and a half sooner than people are told.
    assert -100 <= claims["nbf"] - starts.timestamp() <= 0
    assert org.appointment(booked.room)["id"] == booked.id


def test_a_token_for_a_room_that_is_open_ends_with_it(org, app):
    booked = org.book(now() - minutes(10), minutes(30))
    claims = says(org, app, "participant", booked.room)
    assert abs(claims["exp"] - time.time() - 20 * 60) < 60
    assert claims["room"] == booked.room.replace(" ", "%20")


def test_an_app_without_the_scope_and_a_tenant_that_does_not_speak_proconfs_get_no_token(org, other):
    is_refused(ProConf(org, "appointments:write").ask(), 401)
    other.speak("jiomeet", "metered", "datagram")
    is_refused(ProConf(other).ask(), 404)
