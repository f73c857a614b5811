"""JioMeet: which tokens of its apps are good."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from callers import JioMeet
from test_jiomeet import is_refused

DAY = 24 * 3600


@pytest.fixture(scope="module")
def app(org):
    return JioMeet(org)


@pytest.fixture(scope="module")
def two_step(org):
    return JioMeet(org, "rs256")


def by_hand(algorithm, claims, secret):
    """A token that no library would make."""
    parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "typ": "JWT"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    tag = hmac.digest(secret.encode(), signed, hashlib.sha256) if secret else b""
    return (signed + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")).decode()


@pytest.mark.parametrize("claims", [
    {},
    {"iss": "anybody"},
    {"exp": 60},
    {"exp": DAY - 60},
    {"iat": 60 - DAY},
    {"iat": -60, "exp": 60, "sub": "somebody", "more": {"of": "it"}},
])
def test_a_token_is_good_for_a_day_whatever_else_it_says(app, claims):
    answer = app.post({}, app.token(**moments(claims)))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("claims", [
    {"exp": -60},
    {"exp": DAY + 3600},
    {"exp": 30 * DAY},
    {"iat": -DAY - 60},
    {"iat": -DAY - 60, "exp": -60},
    {"nbf": 600},
    {"app": "somebody"},
    {"app": 7},
    {"app": None},
    {"app": "00000000-0000-7000-8000-000000000000"},
])
def test_a_token_of_another_time_or_app_is_refused(app, claims):
    is_refused(app.post({}, app.token(**moments(claims))), 401)


def moments(claims):
    """They are told from now on."""
    return {name: value + int(time.time()) if name in ("exp", "iat", "nbf") else value for name, value in claims.items()}


def test_a_token_without_an_app_is_refused(app):
    is_refused(app.post({}, jwt.encode({"iat": int(time.time())}, app.key, "HS256")), 401)


@pytest.mark.parametrize("authorization", [
    None, "", "Bearer", "Bearer ", "Basic YTpi", "nonsense", "a.b.c", "Bearer a.b.c",
])
def test_what_is_no_token_is_refused(app, authorization):
    is_refused(app.post({}, authorization), 401)


def test_a_token_that_was_signed_with_another_key_is_refused(app, two_step):
    for wrong in (app.key + "x", app.key[:-1], "secret"):
        is_refused(app.post({}, jwt.encode({"app": app.id, "iat": int(time.time())}, wrong, "HS256")), 401)
    head, body, tag = app.token().split(".")
    is_refused(app.post({}, f"{head}.{body}.{tag[::-1]}"), 401)
    is_refused(app.post({}, jwt.encode({"app": app.id, "iat": int(time.time())}, two_step.key, "RS256")), 401)


def test_the_algorithm_is_the_apps_and_not_the_tokens(app, two_step):
    now = int(time.time())
    for algorithm in ("HS384", "HS512"):
        is_refused(app.post({}, jwt.encode({"app": app.id, "iat": now}, app.key, algorithm)), 401)
    for algorithm in ("RS384", "RS512", "PS256"):
        is_refused(app.post({}, jwt.encode({"app": two_step.id, "iat": now}, two_step.key, algorithm)), 401)
    # As if the public key, which is no secret, were one.
    public = two_step.app["public_key"]
    for secret in (public, public.strip(), two_step.key):
        is_refused(app.post({}, by_hand("HS256", {"app": two_step.id, "iat": now}, secret)), 401)
    for claims in ({"app": app.id, "iat": now}, {"app": two_step.id, "iat": now}):
        for none in ("none", "None", "NONE"):
            is_refused(app.post({}, by_hand(none, claims, None)), 401)


def test_the_keys_are_shown_once_and_the_private_one_is_kept_by_the_app_only(org, two_step):
    assert "PRIVATE KEY-----" in two_step.key and "PRIVATE" not in two_step.app["public_key"]
    shown = org.desk.run("app", "show", two_step.app["name"], "--tenant", org.name)
    assert "PRIVATE" not in json.dumps(shown)


def test_an_app_that_was_revoked_makes_no_rooms(desk, other):
    app = JioMeet(other)
    app.room()
    desk.run("app", "revoke", app.app["name"], "--tenant", other.name)
    is_refused(app.ask(), 401)
