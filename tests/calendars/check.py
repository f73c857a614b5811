"""Reads the calendars in a folder with several programs, and compares the dates with those that are expected."""

import datetime
import io
import json
import pathlib
import sys
import zoneinfo

import dateutil.tz
import icalendar
import ics
import recurring_ical_events
import vobject

UTC = datetime.timezone.utc
FROM = datetime.datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime.datetime(2028, 1, 1, tzinfo=UTC)


def instant(at):
    return int(at.timestamp())


def within(starts):
    return sorted({instant(at) for at in starts if FROM <= at < UNTIL})


def by_icalendar(text):
    """The dates by icalendar and recurring-ical-events. It may report no error of its own."""
    calendar = icalendar.Calendar.from_ical(text)
    errors = [error for component in calendar.walk() for error in component.errors]
    assert not errors, errors
    assert not calendar.get_missing_tzids(), calendar.get_missing_tzids()
    events = recurring_ical_events.of(calendar).between(FROM, UNTIL)
    return within(event.start for event in events if event.get("STATUS") != "CANCELLED")


def by_vobject(text):
    """The dates by vobject and python-dateutil, with the time zones that the file describes."""
    described = dateutil.tz.tzical(io.StringIO(text))
    for name in described.keys():
        # It would ask pytz instead.
        vobject.icalendar.registerTzid(name, described.get(name))
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)
    starts, changed, cancelled = set(), {}, set()
    for event in calendar.vevent_list:
        start = event.dtstart.value
        if "recurrence-id" in event.contents:
            changed[instant(event.recurrence_id.value)] = start
            if event.status.value == "CANCELLED":
                cancelled.add(instant(event.recurrence_id.value))
        elif event.rruleset is None:
            starts.add(start)
        else:
            wall = [rule._dtstart for rule in event.rruleset._rrule] or event.rruleset._rdate
            zone = wall[0].tzinfo
            dates = event.rruleset.between(FROM.replace(tzinfo=zone), UNTIL.replace(tzinfo=zone), inc=True)
            starts.update(date if date.tzinfo else date.replace(tzinfo=start.tzinfo) for date in dates)
    kept = [at for at in starts if instant(at) not in changed]
    return within(kept + [at for of, at in changed.items() if of not in cancelled])


def texts(text):
    """What is told of the first event, the same by every program."""
    strict = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    lax = vobject.readOne(text).vevent_list[0]
    for name in ["SUMMARY", "DESCRIPTION", "LOCATION", "URL", "UID"]:
        assert str(strict[name]) == lax.contents[name.lower()][0].value, name
    assert strict["ORGANIZER"] == "mailto:ada@example.org"
    assert strict["ORGANIZER"].params["CN"] == 'Lovelace, Ada "A"'
    assert strict["ATTENDEE"].params["CN"] == "Bob: B"
    assert strict["SUMMARY"].startswith('Grüße, "Ada"; C:\\new 🎪')
    assert strict["CONFERENCE"].params["FEATURE"] == ["AUDIO", "VIDEO"]


def zones(text):
    """The time zones that are described have the offsets that the system's table has."""
    described = dateutil.tz.tzical(io.StringIO(text))
    for name in described.keys():
        known, told = zoneinfo.ZoneInfo(name), described.get(name)
        for hours in range(0, 2 * 8760, 601):
            at = FROM.replace(tzinfo=None) + datetime.timedelta(hours=hours)
            assert at.replace(tzinfo=told).utcoffset() == at.replace(tzinfo=known).utcoffset(), (name, at)
    return len(described.keys())


def main(folder):
    expected = json.loads((folder / "expected.json").read_text())
    wrong = 0
    for name, dates in expected.items():
        text = (folder / f"{name}.ics").read_bytes().decode()
        ics.Calendar(text)
        texts(text)
        for program in [by_icalendar, by_vobject]:
            found = program(text)
            if found != dates:
                wrong += 1
                moment = lambda at: datetime.datetime.fromtimestamp(at, UTC).isoformat()
                odd = [moment(at) for at in sorted(set(found) ^ set(dates))]
                print(f"{name}.ics: {program.__name__} has other dates: {odd[:6]}", file=sys.stderr)
    if wrong:
        sys.exit(1)
    count = zones((folder / "zones.ics").read_bytes().decode())
    print(f"test-calendars: {len(expected)} calendars and {count} time zones are as they should be, by Python's programs")


main(pathlib.Path(sys.argv[1]))
