"""Metered: rooms that stay."""

import time

import pytest
import requests
from callers import Metered
from organisation import curl


@pytest.fixture(scope="module")
def app(org):
    return Metered(org)


def is_refused(answer, status):
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert said.keys() == {"success", "message"}
    assert said["success"] is False
    assert isinstance(said["message"], str) and said["message"]


def test_the_line_of_the_page_makes_a_private_room(org, app):
    status, made = curl(f"""
curl --request POST \\
     --url '{org.url}/api/v1/room?secretKey={app.key}' \\
     --header 'Accept: application/json' \\
     --header 'Content-Type: application/json' \\
     --data '{{ "privacy": "private" }}'
""")
    assert status == 200, made
    assert made["privacy"] == "private"
    booked = org.appointment(made["roomName"])
    assert booked["lobby"] and booked["has_password"]


def test_what_is_answered_is_the_room(org, app):
    made = app.room()
    for member in ("roomName", "privacy", "_id", "app", "created", "roomURL"):
        assert isinstance(made[member], str) and made[member], f"{member}: {made}"
    assert made["privacy"] == "public"
    assert made["enableRequestToJoin"] is False
    assert made["maxParticipants"] is None
    assert abs(made["notBeforeUnixSec"] - time.time()) < 30
    assert made["expireUnixSec"] is None, "it is there until it is deleted"
    assert made["roomURL"].endswith(f"meet.example.org/{org.name}/{made['roomName']}")
    assert app.said("GET", f"/room/{made['roomName']}") == made


def test_rooms_without_a_name_have_one_each(app):
    assert len({app.room()["roomName"] for _ in range(5)}) == 5


def test_a_public_room_is_open_to_everybody_from_now_on(org, app):
    made = app.room(roomName="meetup")
    assert made["roomName"] == "meetup"
    booked = org.appointment("meetup")
    assert booked["ends"] is None
    status, opened = org.ask("meetup")
    assert status == 200, opened
    assert not opened.keys() & {"lobby", "password"}


def test_a_private_room_has_a_lobby_that_nobody_comes_to_without_its_password(org, app):
    for wanted in ({}, {"enableRequestToJoin": False}, {"enableRequestToJoin": None}):
        made = app.room(privacy="private", **wanted)
        status, opened = org.ask(made["roomName"])
        assert status == 200, opened
        assert opened["lobby"] is True
        # Nobody is told.
        assert opened["password"] and opened["password"] not in str(made)
        assert opened["password"] not in str(app.said("GET", f"/room/{made['roomName']}"))


def test_a_private_room_that_may_be_asked_into_has_a_lobby_and_no_password(org, app):
    made = app.room(privacy="private", enableRequestToJoin=True)
    assert made["enableRequestToJoin"] is True
    status, opened = org.ask(made["roomName"])
    assert status == 200, opened
    assert opened["lobby"] is True
    assert "password" not in opened


def test_as_many_come_in_as_the_room_says(org, app):
    made = app.room(maxParticipants=7)
    assert made["maxParticipants"] == 7
    assert org.ask(made["roomName"])[1]["max_occupants"] == 7


def test_a_room_may_say_when_it_is_open(org, app):
    opens, ends = int(time.time()) + 3600, int(time.time()) + 7200
    made = app.room(notBeforeUnixSec=opens, expireUnixSec=ends)
    assert (made["notBeforeUnixSec"], made["expireUnixSec"]) == (opens, ends)
    assert org.ask(made["roomName"])[1]["reason"] == "too_early"


FULL = {"roomName": None, "privacy": "private", "enableRequestToJoin": True, "maxParticipants": 5}


@pytest.mark.parametrize("field", [*FULL, "notBeforeUnixSec", "expireUnixSec"])
def test_each_field_of_a_room_may_be_null(app, field):
    made = app.room(**{**FULL, field: None})
    assert made["roomName"]
    assert made["privacy"] == ("public" if field == "privacy" else "private")


@pytest.mark.parametrize("field, wrong", [
    *(("roomName", wrong) for wrong in (7, True, ["a"], {}, "", "a\nb", "x" * 2000)),
    *(("privacy", wrong) for wrong in (7, True, [], "", "Private", "secret")),
    *(("enableRequestToJoin", wrong) for wrong in ("true", 1, [], {})),
    *(("maxParticipants", wrong) for wrong in ("7", True, 0, -1, 1.5, [], 10**12)),
    *(("expireUnixSec", wrong) for wrong in ("soon", True, -1, 1_700_000_000, [])),
    *(("notBeforeUnixSec", wrong) for wrong in ("soon", True, [])),
])
def test_a_field_of_another_kind_is_refused(app, field, wrong):
    is_refused(app.ask("POST", "/room", {field: wrong}), 400)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"room"', b"7", b"\xff"])
def test_what_is_no_object_is_refused(org, app, body):
    headers = {"Content-Type": "application/json"}
    for path in ("room", "token", "token/validate"):
        url = f"{org.url}/api/v1/{path}?secretKey={app.key}"
        is_refused(requests.post(url, data=body, headers=headers), 400)


def test_a_name_that_is_taken_stays_taken_until_its_room_is_deleted(org, app):
    app.room(roomName="taken")
    is_refused(app.ask("POST", "/room", {"roomName": "taken"}), 409)
    is_refused(app.ask("POST", "/room", {"roomName": "TAKEN"}), 409)
    app.said("DELETE", "/room/taken")
    app.room(roomName="taken")


def test_a_room_that_was_deleted_is_gone(org, app):
    app.room(roomName="short")
    said = app.said("DELETE", "/room/short")
    assert said["success"] is True and isinstance(said["message"], str)
    assert org.ask("short")[1]["reason"] == "cancelled"
    for method in ("GET", "DELETE"):
        is_refused(app.ask(method, "/room/short"), 404)
    is_refused(app.ask("POST", "/token", {"roomName": "short"}), 404)


def test_a_name_in_any_script_leads_to_its_room(org, app):
    made = app.room(roomName="Grüße Raum")
    assert app.said("GET", "/room/Gr%C3%BC%C3%9Fe%20Raum") == made
    assert org.ask("Grüße Raum")[0] == 200
    claims = org.verified(app.token(roomName="Grüße Raum")["token"])
    assert claims["room"] == "gr%c3%bc%c3%9fe%20raum"


@pytest.mark.parametrize("method, path", [
    ("POST", "/room"), ("GET", "/room/meetup"), ("DELETE", "/room/meetup"), ("POST", "/token"), ("POST", "/api/v1/token"),
    ("POST", "/token/validate"),
])
def test_nothing_is_done_without_the_secret_key(org, app, method, path):
    for query in ({}, {"secretKey": ""}, {"secretKey": "ygbwg6JDGiyZjDsyMcm7O5"}, {"secretKey": app.key + "x"}, {"secretkey": app.key}):
        answer = requests.request(method, f"{org.url}/api/v1{path}", params=query, json={"roomName": "x", "token": "x"})
        is_refused(answer, 401)


def test_an_app_does_what_its_scopes_allow(org, app):
    app.room(roomName="scoped")
    rooms, tokens = Metered(org, "appointments:write"), Metered(org, "tokens:mint")
    is_refused(tokens.ask("POST", "/room", {}), 403)
    is_refused(tokens.ask("GET", "/room/scoped"), 403)
    is_refused(tokens.ask("DELETE", "/room/scoped"), 403)
    is_refused(rooms.ask("POST", "/token", {"roomName": "scoped"}), 403)
    is_refused(tokens.ask("POST", "/token", {}), 403)
    is_refused(tokens.ask("POST", "/token", {"globalToken": True}), 403)
    tokens.token(roomName="scoped")
    is_refused(rooms.ask("DELETE", "/room/scoped"), 404)
    rooms.room(roomName="its own")
    rooms.said("DELETE", "/room/its own")


def test_a_tenant_that_does_not_speak_metereds_is_told_so(other):
    app = Metered(other)
    other.speak("jiomeet", "proconf", "datagram")
    is_refused(app.ask("POST", "/room", {}), 403)
    is_refused(app.ask("POST", "/token", {}), 403)
    other.speak("metered")
    app.room()
