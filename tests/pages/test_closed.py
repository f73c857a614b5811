"""Who comes and can't get in, for now or for good."""

import base64
import itertools
import os

import pytest
from playwright.sync_api import expect

from desk import eventually, fetch, minutes, now, seconds
from test_letting_in import BOTH, is_in
from test_waiting import look_again, text

addresses = (f"192.0.2.{number}" for number in itertools.count(1))


def over(tenant):
    return tenant.book(now() - minutes(60)).link


def cancelled(tenant):
    booked = tenant.book(now() + minutes(60))
    booked.cancel()
    return booked.link


def revoked(tenant):
    booked = tenant.book(now())
    booked.revoke_link()
    return booked.link


def switched_off(tenant):
    booked = tenant.book(now())
    tenant.change(disabled=True)
    return booked.link


def unready(tenant):
    booked = tenant.book(now())
    tenant.change(meeting_url=None)
    return booked.link


def unknown(tenant):
    return f"{tenant.desk.url}/join/{wrong_code()}"


def wrong_code():
    return base64.b32encode(os.urandom(16)).decode().rstrip("=").lower()


def full(tenant):
    tenant.change(capacity=1)
    other = tenant.book(now())
    booked = tenant.book(now())
    booked.other = other.open_room()
    return booked


def occupied(tenant):
    """Those before stay on, as they may, until the next one starts."""
    room, ends = "in turn", now() + seconds(4)
    before = tenant.book(ends - minutes(60), minutes(60), room=room, grace_seconds=600)
    booked = tenant.book(ends + minutes(5), room=room, early_open_seconds=600)
    booked.other = before.open_room()
    eventually("those before are asked to go", lambda: '"occupied"' in fetch(f"{booked.link}/state")[2])
    return booked


def wrong_guesses(tenant, address):
    """From one address, more than anybody makes by mistake."""
    for _ in range(61):
        fetch(unknown(tenant), headers={"X-Forwarded-For": address})


@BOTH
@pytest.mark.parametrize(
    "what, status, heading, lead",
    [
        (over, 410, "This appointment is over", "If you need another, ask Acme Clinic."),
        (cancelled, 410, "This appointment was cancelled", "If you need another, ask Acme Clinic."),
        (revoked, 410, "This link is no longer valid", "Ask Acme Clinic for a new one."),
        (switched_off, 403, "The rooms are switched off", "Acme Clinic has no video rooms at the moment."),
        (unready, 503, "You can't be let in right now", "Please tell Acme Clinic."),
        (unknown, 404, "This link doesn't work", "Make sure that you have copied all of it"),
    ],
)
def test_what_is_closed_for_good_says_so_and_what_to_do(tenant, visit, what, status, heading, lead, javascript):
    link = what(tenant)
    page = visit(None, javascript=javascript)
    assert page.goto(link).status == status
    assert text(page, "h1") == heading and lead in text(page, ".lead")
    assert not page.get_by_role("button").count() and not page.get_by_role("link").count()


def test_a_link_that_was_revoked_or_switched_off_tells_nothing_of_the_appointment(tenant, visit):
    for what in (revoked, switched_off):
        page = visit(what(tenant))
        assert "Consultation" not in page.content() and "Ada" not in page.content()


def test_whom_to_ask_is_told_on_each_page_of_a_tenant(desk, visit):
    tenant = desk.tenant(brand={"contact": "+49 201 555 0100"})
    for link in [cancelled(tenant), tenant.book(now() + minutes(60)).link]:
        assert text(visit(link), "footer") == "Acme Clinic: +49 201 555 0100"


def test_too_many_wrong_links_are_told_from_one_and_a_good_one_works(tenant, visit):
    address = next(addresses)
    wrong_guesses(tenant, address)
    page = visit(unknown(tenant), extra_http_headers={"X-Forwarded-For": address})
    assert text(page, "h1") == "Too many wrong links"
    booked = tenant.book(now())
    page.goto(booked.link)
    is_in(page, booked)


@BOTH
def test_a_house_that_is_full_lets_in_when_a_room_is_free(tenant, visit, javascript):
    booked = full(tenant)
    page = visit(booked.link, javascript=javascript)
    assert text(page, "h1") == "All rooms are taken"
    assert not tenant.desk.video.asked_for(booked.path)
    tenant.desk.close_room(booked.other)
    if javascript:
        look_again(page)
    else:
        page.reload()
    is_in(page, booked)


def test_nobody_walks_in_on_those_before(tenant, visit):
    booked = occupied(tenant)
    page = visit(booked.link)
    assert text(page, "h1") == "One moment, please"
    assert "The meeting before yours is still going on." in text(page)
    assert not tenant.desk.video.asked_for(booked.path)
    tenant.desk.close_room(booked.other)
    look_again(page)
    is_in(page, booked)


def test_while_the_database_is_away_pages_wait_and_come_back_by_themselves(tenant, visit):
    booked, locked = tenant.book(now()), tenant.book(now(), password="correct horse")
    came = [visit(None, javascript=javascript) for javascript in (True, False)]
    pressed = [visit(locked.link, javascript=javascript) for javascript in (True, False)]
    with tenant.desk.without_database():
        for page in came:
            assert page.goto(booked.link).status == 503
        for page in pressed:
            page.get_by_role("button").click()
        for page in came + pressed:
            expect(page.locator("h1")).to_have_text("One moment, please")
            assert "The service can't be reached right now." in text(page)
    for page in came:
        is_in(page, booked)
    for page in pressed:
        # Without being asked whether to send the form again.
        expect(page.locator("code")).to_have_text("correct horse")
        page.get_by_role("button").click()
        is_in(page, locked)
