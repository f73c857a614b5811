"""From each dialect to the room: what a conference server is told, what the organisation sees, what verifiers find."""

import pytest
from callers import Datagram, JioMeet, Metered, ProConf
from organisation import DIALECTS, enter, moderates, verified_by_node


def jiomeet(org):
    made = JioMeet(org).room(hostToken=True)
    host = f"{made['guestMeetingLink']}?hostToken={made['hostToken']}"
    return made["jiomeetId"], enter(host), enter(made["guestMeetingLink"]), "jitsi"


def metered(org):
    app = Metered(org)
    room = app.room(privacy="private")["roomName"]
    host, guest = (app.token(roomName=room, isAdmin=admin)["token"] for admin in (True, False))
    return room, host, guest, "jitsi"


def proconf(org):
    app = ProConf(org)
    host, guest = (app.token(role) for role in ("owner", "participant"))
    return "testRoom", host, guest, "*"


def datagram(org):
    app = Datagram(org)
    alias = app.alias()["id"]
    host, guest = (app.retrieve(alias, host=host)["token"] for host in (True, False))
    return alias, host, guest, "jitsi"


MAKE = {"jiomeet": jiomeet, "metered": metered, "proconf": proconf, "datagram": datagram}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_room_is_made_seen_and_opened_and_its_tokens_verify(desk, other, dialect):
    room, host, guest, audience = MAKE[dialect](other)

    listed = other.call("GET", "/v1/appointments")["data"]
    assert [appointment["room"].lower() for appointment in listed] == [room.lower()]
    assert listed[0]["state"] == "ongoing"

    status, opened = other.ask(room)
    assert status == 200, opened
    assert opened["name"] == f"[{other.name}]{room}".lower()
    assert opened["duration"] > 0

    for token, expected in ((host, True), (guest, False)):
        claims = other.verified(token, audience)
        assert claims["room"] == room.lower()
        assert moderates(claims) is expected
        assert verified_by_node(desk, token, audience) == claims


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_room_that_was_cancelled_stays_shut(other, dialect):
    room, *_ = MAKE[dialect](other)
    other.call("DELETE", f"/v1/appointments/{other.appointment(room)['id']}")
    status, said = other.ask(room)
    assert (status, said["reason"]) == (410, "cancelled"), said


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_room_is_nobody_elses(org, other, dialect):
    room, *_ = MAKE[dialect](other)
    status, said = org.ask(room)
    assert (status, said["reason"]) == (404, "unknown_room"), said
