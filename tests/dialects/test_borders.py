"""Credentials, ids and links of one organisation are nothing to another one."""

import pytest
from callers import Datagram, JioMeet, Metered, ProConf
from organisation import Organisation, enter, moderates

import test_datagram
import test_jiomeet
import test_metered_rooms


@pytest.fixture(scope="module")
def theirs(desk):
    return Organisation(desk)


def test_an_app_of_jiomeets_is_known_by_its_own_key_only(org, theirs):
    ours, other = JioMeet(org), JioMeet(theirs)
    for app, id in ((ours, other.id), (other, ours.id)):
        test_jiomeet.is_refused(app.post({}, app.token(app=id)), 401)


def test_a_host_token_of_jiomeets_makes_no_host_of_another_organisations_meeting(org, theirs):
    ours, other = JioMeet(org).room(hostToken=True), JioMeet(theirs).room(hostToken=True)
    claims = theirs.verified(enter(f"{other['guestMeetingLink']}?hostToken={ours['hostToken']}"))
    assert claims["room"] == other["jiomeetId"] and not moderates(claims)


def test_a_secret_key_of_metereds_reaches_its_own_rooms_only(org, theirs):
    ours, other = Metered(org), Metered(theirs)
    made = ours.room(roomName="ours")
    for method, path, body in [
        ("GET", "/room/ours", None),
        ("DELETE", "/room/ours", None),
        ("POST", "/token", {"roomName": "ours"}),
        ("GET", f"/room/{made['_id']}", None),
    ]:
        test_metered_rooms.is_refused(other.ask(method, path, body), 404)
    # A name is taken only where it is.
    other.room(roomName="ours")
    other.said("DELETE", "/room/ours")
    assert ours.said("GET", "/room/ours") == made


def test_a_token_of_metereds_is_validated_by_its_own_organisation_only(org, theirs):
    ours, other = Metered(org), Metered(theirs)
    token = ours.token()["token"]
    assert org.verified(token)["sub"] == org.name != theirs.name
    assert other.ask("POST", "/token/validate", {"token": token}).status_code == 401


def test_a_room_of_proconfs_is_each_organisations_own(org, theirs):
    booked = org.call("GET", "/v1/appointments?room=shared")["data"]
    assert not booked
    ours, other = (place.verified(ProConf(place).token(room="shared"), "*") for place in (org, theirs))
    assert (ours["sub"], other["sub"]) == (org.name, theirs.name)
    assert org.appointment("shared")["id"] != theirs.appointment("shared")["id"]


def test_an_alias_of_datagrams_is_shown_for_its_own_secret_only(org, theirs):
    ours, other = Datagram(org), Datagram(theirs)
    alias, another = ours.alias(jwt_secret="ours")["id"], other.alias(jwt_secret="theirs")["id"]
    for token in (
        other.sign(another, "theirs"),
        other.sign(alias, "theirs"),
        ours.authorization.removeprefix("Bearer "),
        other.authorization.removeprefix("Bearer "),
    ):
        test_datagram.is_unauthorized(ours.get(alias, token))


def test_what_one_dialect_gives_is_no_credential_in_another(org):
    """Each way of proving who one is stays its own."""
    jiomeet, datagram = JioMeet(org), Datagram(org)
    alias = datagram.alias()["id"]
    test_datagram.is_unauthorized(datagram.get(alias, jiomeet.token()))
    test_jiomeet.is_refused(jiomeet.post({}, f"Bearer {datagram.sign(alias)}"), 401)
    test_datagram.is_refused(datagram.post(datagram.example(), f"Bearer {datagram.sign(alias)}"), 401, "UNAUTHORIZED")
    assert ProConf(org).post({}, f"Bearer {datagram.sign(alias)}").status_code == 401
