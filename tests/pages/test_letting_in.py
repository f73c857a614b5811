"""Who comes to a room that is open, or that opens while they wait."""

import json
import urllib.parse

import pytest
from playwright.sync_api import expect

from conftest import PHONE
from desk import eventually, fetch, minutes, now, seconds, token_of
from test_waiting import look_again

BOTH = pytest.mark.parametrize("javascript", [True, False])


def is_in(page, booked, name="Bob"):
    """They are in the room, with a token for it that nobody else has seen."""
    video = booked.tenant.desk.video
    page.wait_for_url(f"{video.url}/**")
    assert page.url.startswith(f"{video.url}{booked.path}#jwt=%22")
    token = token_of(page.url)
    assert token["room"] == urllib.parse.quote(booked.room.lower()).lower(), "as Prosody has it"
    assert token["context"]["user"].get("name") == name
    starts = now().timestamp()
    assert token["nbf"] <= starts < token["exp"]
    requests = video.asked_for(booked.path)
    assert requests
    for request in requests:
        assert request.line == f"GET {booked.path} HTTP/1.1", "the token is for the browser only"
        assert "referer" not in request.headers, "the link is nobody's business"
        assert "eyJ" not in json.dumps(request.headers)


def opens_soon(tenant):
    """The one before ends in a moment, and the room opens then."""
    opens = now() + seconds(6)
    tenant.book(opens - minutes(60), minutes(60), room="in turn")
    return tenant.book(opens, room="in turn")


@BOTH
def test_an_open_room_is_entered_at_once_and_back_leads_back(tenant, visit, video, javascript):
    booked = tenant.book(now() + seconds(60))
    page = visit(f"{video.url}/mail", javascript=javascript)
    page.goto(booked.link)
    is_in(page, booked)
    page.go_back()
    assert page.url == f"{video.url}/mail"


def test_a_name_in_any_script_is_entered(tenant, visit):
    booked = tenant.book(now(), room="grüße raum 日本", host="Zoë")
    page = visit(booked.host_link)
    is_in(page, booked, "Zoë")


def test_hosts_and_guests_get_the_tokens_that_are_theirs(tenant, visit):
    booked = tenant.book(now())
    users = []
    for link in (booked.host_link, booked.link, booked.guest_link):
        page = visit(link)
        page.wait_for_url("**/room*")
        users.append(token_of(page.url)["context"]["user"])
    assert [user.get("name") for user in users] == ["Ada Lovelace", "Bob", None]
    assert [user.get("moderator") in (True, "true") for user in users] == [True, False, False]


@BOTH
def test_who_waits_is_let_in_by_itself_and_back_leads_back(tenant, visit, video, javascript):
    booked = opens_soon(tenant)
    page = visit(f"{video.url}/mail", javascript=javascript)
    page.goto(booked.link)
    expect(page.locator("h1")).to_have_text("You are early")
    is_in(page, booked)
    page.go_back()
    assert page.url == f"{video.url}/mail"


def test_who_comes_back_to_the_page_after_the_gate_has_opened_is_let_in_at_once(tenant, visit):
    # The gate opens 90 s before the moment that people are told.
    booked = tenant.book(now() + seconds(94))
    page = visit(booked.link)
    expect(page.locator("h1")).to_have_text("You are early")
    eventually("the gate opens", lambda: json.loads(fetch(f"{booked.link}/state")[2])["state"] == "open")
    look_again(page)
    is_in(page, booked)


@BOTH
def test_a_password_is_shown_before_it_is_asked_for(tenant, visit, javascript):
    booked = tenant.book(now(), password="correct horse")
    page = visit(booked.link, size=PHONE, javascript=javascript)
    expect(page.locator("h1")).to_have_text("The room is open")
    assert page.locator("code").inner_text() == "correct horse"
    assert not tenant.desk.video.asked_for(booked.path)
    page.get_by_role("button", name="Join now").click()
    is_in(page, booked)


@BOTH
def test_the_keyboard_is_enough(tenant, visit, javascript):
    booked = tenant.book(now(), password="correct horse")
    page = visit(booked.link, javascript=javascript)
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Join now")
    expect(button).to_be_focused()
    outline = button.evaluate("button => getComputedStyle(button).outlineWidth + ' ' + getComputedStyle(button).outlineStyle")
    assert outline == "3px solid"
    page.keyboard.press("Enter")
    is_in(page, booked)


def test_the_calendar_is_reached_by_keyboard_too(tenant, visit):
    page = visit(tenant.book(now() + minutes(60)).link)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Add to calendar")).to_be_focused()
    with page.expect_download():
        page.keyboard.press("Enter")


def elsewhere(link):
    """The same over plain HTTP and by a name: there, browsers don't say where they go."""
    return link.replace("127.0.0.1", "desk.test")


def test_a_browser_that_does_not_say_where_it_goes_presses_the_button_by_itself(tenant, visit, video):
    booked = tenant.book(now())
    page = visit(f"{video.url}/mail")
    page.goto(elsewhere(booked.link))
    is_in(page, booked)
    page.go_back()
    assert page.url == f"{video.url}/mail"


def test_a_browser_that_neither_says_where_it_goes_nor_runs_scripts_has_a_button(tenant, visit):
    booked = tenant.book(now())
    page = visit(elsewhere(booked.link), javascript=False)
    assert not tenant.desk.video.asked_for(booked.path)
    page.get_by_role("button", name="Join now").click()
    is_in(page, booked)
