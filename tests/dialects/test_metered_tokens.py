"""Metered: tokens for a room and for all."""

import time

import jwt
import pytest
from callers import Metered
from organisation import curl, moderates
from test_metered_rooms import is_refused

from desk import seconds

DAY = 24 * 3600


@pytest.fixture(scope="module")
def app(org):
    app = Metered(org)
    app.room(roomName="ward", privacy="private")
    return app


def says(org, app, **body):
    """What stands in a token."""
    answer = app.token(**body)
    assert answer.keys() == {"token", "expireUnixSec"}
    claims = org.verified(answer["token"])
    assert claims["exp"] == answer["expireUnixSec"]
    return claims


@pytest.mark.parametrize("path", ["/api/v1/token", "/api/v1/api/v1/token"])
def test_the_line_of_the_page_makes_a_token_for_every_room(org, app, path):
    line = f"""
curl --request POST \\
     --url {org.url}{path}%s \\
     --header 'Accept: application/json' \\
     --header 'Content-Type: application/json' \\
     --data '{{"globalToken":true}}'
"""
    status, said = curl(line % f"?secretKey={app.key}")
    assert status == 200, said
    claims = org.verified(said["token"])
    assert (claims["room"], claims["sub"]) == ("*", org.name)
    assert claims["data"]["globalToken"] is True
    assert isinstance(claims["data"]["appName"], str) and claims["data"]["appName"]
    # As it stands, the line forgets the secret key.
    status, said = curl(line % "")
    assert (status, said["success"]) == (401, False)


def test_a_token_that_names_no_room_is_for_every_room_of_its_tenant(org, app):
    for body in ({}, {"globalToken": True}, {"roomName": None, "globalToken": None}):
        claims = says(org, app, **body)
        assert (claims["room"], claims["sub"]) == ("*", org.name)


def test_a_token_that_names_a_room_is_for_that_room_only(org, app):
    for body in ({}, {"globalToken": False}, {"globalToken": None}):
        claims = says(org, app, roomName="ward", **body)
        assert claims["room"] == "ward"
        assert claims["data"]["roomName"] == "ward"
    assert app.ask("POST", "/token", {"roomName": "WARD"}).status_code == 200


def test_a_token_is_for_a_room_or_for_all_and_not_for_both(app):
    is_refused(app.ask("POST", "/token", {"roomName": "ward", "globalToken": True}), 400)


def test_a_token_for_a_room_that_is_not_there_is_not_made(app):
    is_refused(app.ask("POST", "/token", {"roomName": "nowhere"}), 404)


def test_all_that_is_said_of_somebody_is_carried(org, app):
    said = {
        "isAdmin": True,
        "roomName": "ward",
        "name": "Zoë",
        "email": "zoe@example.org",
        "meta": "ward 7",
        "externalUserId": "doctor-1",
        "ejectAfterElapsedTimeInSec": 1800,
    }
    claims = says(org, app, **said)
    assert {name: claims["data"].get(name) for name in said} == said
    user = claims["context"]["user"]
    assert (user["id"], user["name"], user["email"]) == ("doctor-1", "Zoë", "zoe@example.org")
    assert moderates(claims)


def test_an_admin_moderates_and_nobody_else_does(org, app):
    assert moderates(says(org, app, roomName="ward", isAdmin=True))
    for body in ({}, {"isAdmin": False}, {"isAdmin": None}):
        assert not moderates(says(org, app, roomName="ward", **body))
        assert not moderates(says(org, app, **body))


def test_who_has_a_token_walks_past_the_lobby_of_a_private_room(org, app):
    for body in ({}, {"isAdmin": True}):
        assert says(org, app, roomName="ward", **body)["context"]["user"]["lobby_bypass"] is True


@pytest.mark.parametrize("meta", ["", "x" * 1000, "é" * 1000, {}, {"ward": 7, "more": {"of": ["it"]}}])
def test_meta_is_text_or_an_object_and_is_carried_as_it_is(org, app, meta):
    assert says(org, app, meta=meta)["data"]["meta"] == meta


@pytest.mark.parametrize("meta", ["x" * 1001, {"more": "x" * 1000}, 7, True, ["a"]])
def test_meta_of_another_kind_or_too_long_is_refused(app, meta):
    is_refused(app.ask("POST", "/token", {"meta": meta}), 400)


@pytest.mark.parametrize("field, wrong", [
    *((field, wrong) for field in ("isAdmin", "globalToken") for wrong in ("true", 1, [], {})),
    *((field, wrong) for field in ("roomName", "name", "email", "externalUserId") for wrong in (7, True, [], {})),
    *(
        (field, wrong)
        for field in ("expireUnixSec", "notBeforeUnixSec", "ejectAfterElapsedTimeInSec")
        for wrong in ("60", True, [], {})
    ),
    ("ejectAfterElapsedTimeInSec", -1),
    ("expireUnixSec", -1),
    ("expireUnixSec", 10**30),
])
def test_a_field_of_another_kind_is_refused(app, field, wrong):
    is_refused(app.ask("POST", "/token", {field: wrong}), 400)


@pytest.mark.parametrize("field", [
    "isAdmin", "roomName", "globalToken", "name", "email", "meta", "externalUserId", "expireUnixSec", "notBeforeUnixSec",
    "ejectAfterElapsedTimeInSec",
])
def test_each_field_of_a_token_may_be_null(org, app, field):
    claims = says(org, app, **{field: None})
    assert claims["room"] == "*"
    # Without a room it is for all of them, said or not.
    assert claims["data"].get(field) is (True if field == "globalToken" else None)


def test_a_token_ends_when_it_is_said_to_and_after_a_day_at_the_latest(org, app):
    now = int(time.time())
    assert says(org, app, expireUnixSec=now + 600)["exp"] == now + 600
    for body in ({}, {"expireUnixSec": None}, {"expireUnixSec": now + 30 * DAY}, {"roomName": "ward"}):
        assert near(says(org, app, **body)["exp"], now + DAY)


def test_how_long_tokens_are_good_at_the_most_is_for_the_tenant_to_say(other):
    other.speak("metered", metered_token_lifetime_seconds=3600)
    app, now = Metered(other), int(time.time())
    assert near(says(other, app)["exp"], now + 3600)
    assert near(says(other, app, expireUnixSec=now + DAY)["exp"], now + 3600)


def test_a_token_ends_when_its_holder_is_to_be_sent_out_at_the_latest(org, app):
    now = int(time.time())
    claims = says(org, app, ejectAfterElapsedTimeInSec=1800)
    assert near(claims["exp"], now + 1800)
    assert claims["data"]["ejectAfterElapsedTimeInSec"] == 1800


def test_a_token_is_not_good_before_it_is_said_to_be(org, app):
    begins = int(time.time()) + 600
    token = app.token(roomName="ward", notBeforeUnixSec=begins)["token"]
    with pytest.raises(jwt.ImmatureSignatureError):
        org.verified(token)
    claims = org.verified(token, verify_nbf=False)
    assert claims["nbf"] == begins
    assert says(org, app)["nbf"] <= time.time()


def near(moment, wanted):
    return abs(moment - wanted) <= seconds(30).total_seconds()


def test_a_good_token_is_validated_with_what_it_says(org, app):
    for body in ({}, {"roomName": "ward", "name": "Zoë", "isAdmin": True}):
        token = app.token(**body)["token"]
        assert app.said("POST", "/token/validate", {"token": token}) == org.verified(token)


def test_a_token_that_is_not_good_is_not_validated(app):
    good = app.token(roomName="ward")["token"]
    head, body, tag = good.split(".")
    theirs = jwt.encode({"data": {"globalToken": True}}, "secret", "HS256")
    for wrong in ("", "nonsense", f"{head}.{body}.{tag[::-1]}", f"{head}.{body}.", theirs):
        answer = app.ask("POST", "/token/validate", {"token": wrong})
        assert answer.status_code == 401, answer.text
        assert isinstance(answer.json()["message"], str) and answer.json()["message"]


@pytest.mark.parametrize("body", [{}, {"token": None}, {"token": 7}, {"token": {}}])
def test_there_has_to_be_a_token_to_validate(app, body):
    is_refused(app.ask("POST", "/token/validate", body), 400)
