"""JioMeet: rooms of a day."""

import datetime
import json
import re

import pytest
import requests
from callers import JioMeet
from organisation import enter, moderates, node

from desk import now, seconds

ALWAYS = {"jiomeetId", "roomPIN", "subdomain", "joinEndpoint", "guestMeetingLink", "meetingLink"}


@pytest.fixture(scope="module")
def app(org):
    return JioMeet(org)


def is_refused(answer, status):
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, status), said
    assert isinstance(said["message"], str) and said["message"]
    assert said.keys() == {"code", "message"}


def sample(base, **authorization):
    """The page's, in Python."""
    url = f"{base}/api/platform/v1/room"

    payload = json.dumps({
      "name": "name of the user creating the meeting",
      "title": "title of the meeting",
      "description": "description for the meeting",
      "hostToken": False
    })
    headers = {
      'Content-Type': 'application/json',
      'Accept': 'application/json',
      **authorization
    }

    return requests.request("POST", url, headers=headers, data=payload)


def signed_by_the_samples(app, tmp_path):
    """The token that the page's samples for JavaScript print."""
    key = app.key
    if app.algorithm == "RS256":
        key = tmp_path / "key.pem"
        key.write_text(app.key)
    printed = node(f"jiomeet-{app.algorithm.lower()}.js", app.id, str(key))
    return re.fullmatch(r"Generated JWT: (\S+)\n", printed)[1]


@pytest.mark.parametrize("auth", ["hs256", "rs256"])
@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_the_samples_of_both_ways_to_authenticate_make_a_room(org, tmp_path, auth, prefix):
    app = JioMeet(org, auth)
    answer = sample(org.url, Authorization=prefix + signed_by_the_samples(app, tmp_path))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    made = answer.json()
    assert made.keys() == ALWAYS
    booked = org.appointment(made["jiomeetId"])
    assert booked["title"] == "title of the meeting"
    assert booked["description"] == "description for the meeting"
    assert [person["name"] for person in booked["participants"] if person["role"] == "host"] == [
        "name of the user creating the meeting"
    ]


def test_the_sample_as_it_stands_brings_no_token_and_is_refused(org):
    is_refused(sample(org.url), 401)


def test_what_is_answered_is_as_the_page_says(org, app):
    made = app.room()
    assert made.keys() == ALWAYS and all(isinstance(value, str) and value for value in made.values())
    assert re.fullmatch(r"[0-9]{10}", made["jiomeetId"])
    assert made["subdomain"] == org.name
    assert made["guestMeetingLink"] == org.url + made["joinEndpoint"]
    assert made["joinEndpoint"].startswith("/")
    assert made["meetingLink"].endswith(made["joinEndpoint"])


def test_a_room_is_there_from_now_on_for_a_day_and_has_the_pin_for_its_password(org, app):
    made = app.room()
    booked = org.appointment(made["jiomeetId"])
    starts, ends = (parsed(booked[moment]) for moment in ("starts", "ends"))
    assert abs(starts - now()) < seconds(30)
    assert ends - starts == seconds(24 * 3600)
    assert booked["password"] == made["roomPIN"]
    status, opened = org.ask(made["jiomeetId"])
    assert (status, opened["password"]) == (200, made["roomPIN"])
    assert 24 * 3600 - 60 < opened["duration"] <= 24 * 3600 + 3600


def test_every_room_has_a_number_and_a_pin_of_its_own(app):
    rooms = [app.room() for _ in range(5)]
    for member in ("jiomeetId", "roomPIN", "joinEndpoint"):
        assert len({room[member] for room in rooms}) == 5


def test_both_links_lead_in_as_a_guest_and_the_host_token_makes_a_host(org, app):
    made = app.room(name="Ada", hostToken=True)
    assert made.keys() == {*ALWAYS, "hostToken"}
    for link in (made["guestMeetingLink"], made["meetingLink"]):
        guest, host = (org.verified(enter(link + more)) for more in ("", f"?hostToken={made['hostToken']}"))
        assert guest["room"] == host["room"] == made["jiomeetId"]
        assert not moderates(guest)
        assert moderates(host) and host["context"]["user"]["name"] == "Ada"


def test_a_host_token_is_good_for_its_own_meeting_only(org, app):
    one, two = app.room(hostToken=True), app.room(hostToken=True)
    for wrong in (two["hostToken"], "nonsense", ""):
        link = f"{one['guestMeetingLink']}?hostToken={wrong}"
        claims = org.verified(enter(link))
        assert claims["room"] == one["jiomeetId"] and not moderates(claims)


def test_the_link_with_the_sub_domain_is_under_the_tenants_own_address(other):
    own = f"https://{other.name}.meet.example.org"
    other.speak("jiomeet", jiomeet_url=own)
    made = JioMeet(other).room(hostToken=True)
    assert made["subdomain"] == other.name
    assert made["meetingLink"] == own + made["joinEndpoint"]
    assert made["guestMeetingLink"] == other.url + made["joinEndpoint"]


def test_hosts_may_record_where_recording_was_asked_for(desk, other):
    # Whose token has no such list may do everything that moderators may.
    settings = {"roles": {role: {"features": {"flip": True}} for role in ("host", "participant")}}
    desk.call("PATCH", f"/v1/tenants/{other.name}/token-settings", settings)
    app = JioMeet(other)
    for asked, host in [(True, {"flip": True, "recording": True}), (False, {"flip": True})]:
        made = app.room(hostToken=True, isAutoRecordingEnabled=asked)
        links = [f"{made['guestMeetingLink']}{more}" for more in (f"?hostToken={made['hostToken']}", "")]
        assert [other.verified(enter(link))["context"]["features"] for link in links] == [host, {"flip": True}]


@pytest.mark.parametrize("field", ["name", "title", "description", "hostToken", "isAutoRecordingEnabled"])
def test_each_field_may_be_left_out_or_null(org, app, field):
    full = {"name": "Ada", "title": "Rounds", "description": "Daily", "hostToken": False, "isAutoRecordingEnabled": False}
    for body in ({**full, field: None}, {name: value for name, value in full.items() if name != field}):
        made = app.room(**body)
        assert made.keys() == ALWAYS
        if field in ("title", "description"):
            assert org.appointment(made["jiomeetId"])["description" if field == "title" else "title"] == (
                "Daily" if field == "title" else "Rounds"
            )


@pytest.mark.parametrize("field, wrong", [
    *((field, wrong) for field in ("name", "title", "description") for wrong in (7, True, ["a"], {})),
    *((field, wrong) for field in ("hostToken", "isAutoRecordingEnabled") for wrong in ("true", 1, [], {})),
])
def test_a_field_of_another_type_is_refused(app, field, wrong):
    is_refused(app.ask(**{field: wrong}), 400)


@pytest.mark.parametrize("body", [b" ", b"{", b"[]", b'"room"', b"null", b"7", b"\xff"])
def test_what_is_no_object_is_refused(org, app, body):
    headers = {"Authorization": app.token(), "Content-Type": "application/json"}
    is_refused(requests.post(f"{org.url}/api/platform/v1/room", data=body, headers=headers), 400)


def test_another_method_is_refused_in_the_same_words(org, app):
    answer = requests.get(f"{org.url}/api/platform/v1/room", headers={"Authorization": app.token()})
    is_refused(answer, 405)


def test_a_tenant_that_is_switched_off_makes_no_rooms(desk, other):
    app = JioMeet(other)
    app.room()
    desk.call("PATCH", f"/v1/tenants/{other.name}", {"disabled": True})
    is_refused(app.ask(), 412)


def test_a_tenant_that_does_not_speak_jiomeets_makes_no_rooms(other):
    app = JioMeet(other)
    other.speak("metered", "proconf", "datagram")
    is_refused(app.ask(), 412)
    other.speak("jiomeet")
    app.room()


@pytest.mark.parametrize("scopes", [["appointments:write"], ["tokens:mint"], ["appointments:read"]])
def test_an_app_without_a_scope_makes_no_rooms(org, scopes):
    is_refused(JioMeet(org, scopes=scopes).ask(), 412)


def test_an_app_has_no_more_rooms_than_its_tenant_says(other):
    other.speak("jiomeet", jiomeet_rooms=2)
    app, another = JioMeet(other), JioMeet(other)
    first, _ = app.room(), app.room()
    is_refused(app.ask(), 412)
    another.room()
    other.call("DELETE", f"/v1/appointments/{other.appointment(first['jiomeetId'])['id']}")
    app.room()
    is_refused(app.ask(), 412)


def parsed(moment):
    return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
