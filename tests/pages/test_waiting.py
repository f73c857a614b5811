"""Who comes before the room is open."""

import datetime
import re
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from conftest import PHONE
from desk import minutes, now, seconds

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime.timedelta(days=1)


def text(page, selector="main"):
    """What is read there, without the narrow spaces that browsers put before AM."""
    return re.sub(r"\s+", " ", page.locator(selector).inner_text())


def in_berlin(day, time="09:00"):
    hour, minute = time.split(":")
    return datetime.datetime.combine(day, datetime.time(int(hour), int(minute)), BERLIN)


def next_of(month):
    """The 10th of that month, the next time that it comes."""
    today = now().date()
    day = today.replace(month=month, day=10)
    return day if day > today + 3 * DAY else day.replace(year=day.year + 1)


@pytest.mark.parametrize("zone, name", [("America/New_York", "Eastern Standard Time"), ("Asia/Kolkata", "India Standard Time")])
def test_people_read_what_it_is_with_whom_and_when_by_their_own_clock(tenant, visit, zone, name):
    starts = in_berlin(next_of(1))
    page = visit(tenant.book(starts).link, language="en-US", zone=zone)
    here = starts.astimezone(ZoneInfo(zone))
    day, time = here.strftime("%A, %B %-d, %Y"), here.strftime("%-I:%M %p")
    assert text(page, "h1") == "Your appointment is still to come"
    assert text(page, ".lead").startswith(f"The room opens on {day} at {time}.")
    assert text(page, "h2") == "Consultation"
    assert "with Ada Lovelace" in text(page)
    until = (here + minutes(30)).strftime("%-I:%M %p")
    assert f"{day} Time {time} to {until}" in text(page, "dl")
    assert f"Times in your time zone ({name})" in text(page)
    assert f"Local time there: {starts.strftime('%A, %-d %B %Y, 09:00')} (Europe/Berlin)" in text(page)
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_day_of_the_end_is_told_where_that_is_not_soon(tenant, visit):
    starts = in_berlin(next_of(1))
    assert "Time 09:00 to 08:59 Times" in text(visit(tenant.book(starts, minutes(24 * 60 - 1)).link))
    last = (starts + 2 * DAY).strftime("%A, %-d %B %Y")
    for javascript in (True, False):
        page = visit(tenant.book(starts, minutes(2 * 24 * 60)).link, "en-GB", javascript=javascript)
        assert f"Time 09:00 until {last}, 09:00 Times" in text(page)
    page = visit(tenant.book(starts, ends=None).link, "de")
    assert "Uhrzeit ab 09:00 Uhr Zeiten" in text(page)


def test_the_time_zone_is_called_what_it_is_on_that_day(tenant, visit):
    summer, winter = (visit(tenant.book(in_berlin(next_of(month))).link, "en-US", "America/New_York") for month in (7, 1))
    assert "(Eastern Daylight Time)" in text(summer)
    assert "(Eastern Standard Time)" in text(winter)


def test_where_the_clock_is_the_same_nothing_is_said_twice(tenant, visit):
    page = visit(tenant.book(in_berlin(next_of(1))).link)
    assert "at 09:00." in text(page) and "Booked as" not in text(page)


def test_without_javascript_times_are_those_of_the_booking(tenant, visit):
    starts = in_berlin(next_of(1))
    page = visit(tenant.book(starts).link, "en-US", "Asia/Kolkata", javascript=False)
    assert text(page, ".lead").startswith(f"The room opens on {starts.strftime('%A, %-d %B %Y')} at 09:00.")
    assert "09:00 to 09:30 Times in Europe/Berlin" in text(page)
    assert "Opens in" not in text(page)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_language_is_the_visitors_or_else_the_tenants(desk, visit, javascript):
    links = {own: desk.tenant(language=own).book(in_berlin(next_of(1))).link for own in ("en", "de")}
    for own, wish, read in [("en", "de-AT", "de"), ("de", "en-GB", "en"), ("de", "fr-FR", "de"), ("en", "fr-FR", "en")]:
        page = visit(links[own], wish, javascript=javascript)
        heading = {"en": "Your appointment is still to come", "de": "Ihr Termin steht noch bevor"}[read]
        time = {"en": "at 09:00.", "de": "um 09:00 Uhr."}[read]
        assert text(page, "h1") == heading and time in text(page), (own, wish)
        assert page.locator("html").get_attribute("lang") == read


def test_the_countdown_runs_as_the_service_says_however_wrong_the_visitors_clock_is(tenant, visit):
    starts = now() + minutes(12)
    page = visit(None)
    page.clock.set_fixed_time(now() + datetime.timedelta(hours=5))
    page.goto(tenant.book(starts).link)
    countdown = page.locator("#countdown")

    def left():
        minutes, seconds = countdown.inner_text().split(":")
        return int(minutes) * 60 + int(seconds)

    first = left()
    assert abs((starts - now()).total_seconds() - first) < 10
    expect(countdown).not_to_have_text(f"{first // 60}:{first % 60:02}")
    assert 0 < first - left() < 10


def test_hours_are_counted_down_and_days_are_told(tenant, visit):
    assert re.fullmatch("3:00:00|2:59:5[0-9]", text(visit(tenant.book(now() + minutes(180)).link), "#countdown"))
    page = visit(tenant.book(now() + 3 * DAY + minutes(5)).link, "de")
    assert text(page, ".countdown") == "Öffnet in 3 Tagen"


def test_the_appointment_goes_into_the_visitors_own_calendar(tenant, visit):
    booked = tenant.book(now() + DAY, title="Beratung")
    page = visit(booked.link, size=PHONE)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Add to calendar").click()
    assert waiting.value.suggested_filename == "appointment.ics"
    lines = waiting.value.path().read_text().replace("\r\n ", "").splitlines()
    assert lines[0] == "BEGIN:VCALENDAR" and "SUMMARY:Beratung" in lines
    assert booked.link in "\n".join(lines)
    assert f"UID:{booked.id}" in "\n".join(lines)


def test_who_waits_is_told_when_the_appointment_is_moved_or_cancelled(tenant, visit):
    booked = tenant.book(in_berlin(next_of(1)))
    page = visit(booked.link)
    booked.call("PATCH", body={"starts": in_berlin(next_of(1), "11:30").isoformat(), "duration_seconds": 1800})
    look_again(page)
    expect(page.locator(".lead")).to_contain_text("at 11:30.")
    assert "This date was moved. It was planned for" in text(page, ".note") and "at 09:00." in text(page, ".note")
    booked.cancel()
    look_again(page)
    expect(page.locator("h1")).to_have_text("This appointment was cancelled")


def test_a_link_of_a_series_leads_to_the_next_date_that_takes_place(tenant, visit):
    # Weekly, so that the next one is not today, whose day the page leaves out.
    first = now() - 14 * DAY - minutes(60)
    booked = tenant.book(first, recurrence={"rrule": "FREQ=WEEKLY;COUNT=30"}, time_zone="UTC")
    third, fourth = first + 21 * DAY, first + 28 * DAY
    expected = lambda at: f"on {at.strftime('%A, %-d %B %Y')} at {at.strftime('%H:%M')}"
    page = visit(booked.link, zone="UTC")
    assert f"The room opens {expected(third)}" in text(page)
    date = next(date for date in booked.dates() if date["starts"] > now().isoformat())
    booked.call("DELETE", f"/occurrences/{date['original_start']}")
    look_again(page)
    expect(page.locator(".lead")).to_contain_text(f"The room opens {expected(fourth)}")
    assert text(page, ".note") == f"The date {expected(third)} was cancelled. This is the next one."


def test_who_looks_at_the_page_again_and_again_asks_no_more_often_afterwards(tenant, visit):
    """Each time the page is looked at it asks, in place of the next time, not besides."""
    page = visit(None)
    page.clock.install()
    page.goto(tenant.book(now() + minutes(60)).link)
    for _ in range(5):
        with page.expect_response("**/state"):
            look_again(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/state"):
        page.clock.fast_forward(seconds(62).seconds * 1000)
    page.clock.run_for(1000)
    assert len(asked) == 1, asked


def look_again(page):
    """Comes back to the page from elsewhere."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
