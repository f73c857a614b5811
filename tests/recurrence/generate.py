"""Generated series, and when their dates start as python-dateutil sees it. Run by scripts/test-recurrence.

    generate.py SEED SERIES MOST

Writes a line of JSON for each series: its first start, its rule, further dates and exceptions, a stretch of time, and the
starts of those dates in it that take place, at most MOST. The same arguments write the same lines.

Every time zone has its turn. About half of the times of day are such as the clocks there skip or show twice.

What dateutil and Frontdesk mean to do differently is brought to what Frontdesk does. tests.rs beside the engine pins it:

- The first date is always a date, and COUNT counts it, whether or not the rule names it.
- BYDAY=MO,2TU is Mondays and the second Tuesday; for dateutil, it is the Mondays that are a second Tuesday.
- FREQ=YEARLY;BYWEEKNO=20 is the first date's weekday in that week; for dateutil, all seven days.
- BYSETPOS counts in the whole of the first week; for dateutil, from the first date on.
- COUNT counts moments: what the clocks skip may be the same moment as another date.
- What is a date follows from its moment, and not from what the clocks show: what they show twice is none where the first of
  both times is before the first date; and what they skip is one where it comes after the first date.

And where dateutil is wrong:

- The days before a year's week 1 are of the last week of the year before, which dateutil takes for the 52nd or the 53rd by the
  length of the wrong year; and it does not know days after the last week, where BYWEEKNO counts from the end. The weeks are ours,
  after the sentence in RFC 5545: week 1 is the first with four days in the year or more.
"""

import datetime
import functools
import itertools
import json
import multiprocessing
import random
import sys
import zoneinfo

from dateutil import rrule, tz

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FREQUENCIES = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}

# From the package tzdata, and not from this machine.
zoneinfo.reset_tzpath([])
ZONES = sorted(zoneinfo.available_timezones() - {"Factory"})

# Until when dateutil looks for the dates of a rule that names none.
datetime.MAXYEAR = 2055


def week(day, first_weekday):
    """The year that a day's week belongs to, the number of the week, and how many there are in that year."""
    middle = day - DAY * ((day.weekday() - first_weekday) % 7) + DAY * 3
    in_year = middle.timetuple().tm_yday
    weeks_left = (datetime.date(middle.year, 12, 31) - middle).days // 7
    number = (in_year - 1) // 7 + 1
    return middle.year, number, number + weeks_left


class Weeks(rrule._iterinfo):
    """What dateutil knows of a year, with the right weeks."""

    def rebuild(self, year, month):
        changed = year != self.lastyear
        super().rebuild(year, month)
        if changed and self.rrule._byweekno:
            first = datetime.date(year, 1, 1)
            for place in range(len(self.wnomask)):
                _, number, weeks = week(first + DAY * place, self.rrule._wkst)
                self.wnomask[place] = number in self.rrule._byweekno or number - weeks - 1 in self.rrule._byweekno


rrule._iterinfo = Weeks


@functools.cache
def changes(zone):
    """What the clocks show when they change, just before, from 2020 to 2030."""
    zone = zoneinfo.ZoneInfo(zone)

    def offset(at):
        return at.astimezone(zone).utcoffset()

    found = []
    start = datetime.datetime(2020, 1, 1, tzinfo=UTC)
    for day in range(366 * 10):
        before, after = start + DAY * day, start + DAY * (day + 1)
        if offset(before) == offset(after):
            continue
        while after - before > SECOND:
            middle = (before + (after - before) / 2).replace(microsecond=0)
            before, after = (middle, after) if offset(middle) == offset(before) else (before, middle)
        found.append((after + offset(before)).replace(tzinfo=None))
    return found


def instant(naive, zone, fold=0):
    return tz.resolve_imaginary(naive.replace(tzinfo=zone, fold=fold)).astimezone(UTC)


def numbers(rng, low, high, from_both_ends=False):
    """A few of them, now and then many."""
    count = rng.choice([1, 1, 1, 2, 2, 3, 5]) if rng.random() < 0.95 else rng.randint(5, 60)
    picked = [rng.randint(low, high) for _ in range(count)]
    if from_both_ends:
        picked = [-number if rng.random() < 0.3 else number for number in picked]
    return sorted(set(picked))


def generated_parts(rng, frequency, hour):
    """The lists of a rule: numbers, and for BYDAY pairs of a weekday and its place."""
    parts = {}
    yearly, monthly = frequency == "YEARLY", frequency == "MONTHLY"
    if rng.random() < 0.3:
        parts["BYMONTH"] = numbers(rng, 1, 12)
    if yearly and rng.random() < 0.25:
        edges = rng.random() < 0.5
        parts["BYWEEKNO"] = sorted({rng.choice([1, 52, 53, -1, -52, -53]) for _ in range(2)}) if edges else numbers(rng, 1, 53, True)
    if yearly and rng.random() < 0.2:
        parts["BYYEARDAY"] = numbers(rng, 1, 366, True)
    if frequency != "WEEKLY" and rng.random() < 0.3:
        parts["BYMONTHDAY"] = numbers(rng, 1, 31, True)
    if rng.random() < 0.45:
        parts["BYDAY"] = [(day, None) for day in sorted(rng.sample(range(7), rng.choice([1, 1, 2, 3, 5])))]
        if (yearly or monthly) and "BYWEEKNO" not in parts and rng.random() < 0.6:
            most = 53 if yearly and "BYMONTH" not in parts else 5
            parts["BYDAY"] = [
                (day, None if rng.random() < 0.2 else rng.choice([-1, 1, 1]) * rng.randint(1, most)) for day, _ in parts["BYDAY"]
            ]
    if rng.random() < 0.15:
        # Several times of day around a change of the clocks.
        parts["BYHOUR"] = sorted({(hour + more) % 24 for more in rng.sample([-1, 0, 1, 2], rng.randint(1, 3))})
        parts["BYMINUTE"] = sorted(set(rng.sample([0, 15, 30, 45, rng.randint(0, 59)], rng.randint(1, 4))))
    elif rng.random() < 0.1:
        parts["BYHOUR"] = numbers(rng, 0, 23)[:4]
    elif rng.random() < 0.1:
        parts["BYMINUTE"] = numbers(rng, 0, 59)[:3]
    if rng.random() < 0.05:
        parts["BYSECOND"] = numbers(rng, 0, 59)[:2]
    if parts and rng.random() < 0.2:
        parts["BYSETPOS"] = numbers(rng, 1, rng.choice([3, 10, 366]), True)
        # Each kind of days is a rule of its own for dateutil, which can't pick from both.
        parts["BYDAY"] = [day for day in parts.get("BYDAY", []) if day[1]] or parts.get("BYDAY", [])
        if not parts["BYDAY"]:
            del parts["BYDAY"]
    return parts


def written(part):
    return ",".join(f"{item[1] or ''}{DAYS[item[0]]}" if isinstance(item, tuple) else str(item) for item in part)


def expanded(frequency, interval, week_start, parts, first, last):
    """The rule's dates on the wall clock, as dateutil sees them but for what the head of this file tells."""
    parts = dict(parts)
    if "BYWEEKNO" in parts and not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"}:
        parts["BYDAY"] = [(first.weekday(), None)]
    # Its moment may still be after the first date's.
    start = datetime.datetime.combine(first, datetime.time())
    for part, value in [("BYHOUR", first.hour), ("BYMINUTE", first.minute), ("BYSECOND", first.second)]:
        parts.setdefault(part, [value])
    if frequency == "WEEKLY" and "BYSETPOS" in parts:
        start -= DAY * ((first.weekday() - week_start) % 7)
        parts.setdefault("BYDAY", [(first.weekday(), None)])
    days = parts.pop("BYDAY", None)
    placed = [day for day in days or [] if day[1]]
    unplaced = [day for day in days or [] if not day[1]]
    dates = [
        rrule.rrule(
            FREQUENCIES[frequency],
            dtstart=start,
            interval=interval,
            wkst=week_start,
            until=last,
            byweekday=[rrule.weekday(*day) for day in days] if days else None,
            **{part.lower(): values for part, values in parts.items()},
        )
        for days in ([placed, unplaced] if placed and unplaced else [days])
    ]
    return (date for date in itertools.chain(*dates) if date.date() >= first.date())


def generated(seed, place, most):
    rng = random.Random(f"{seed} {place}")
    name = ZONES[place % len(ZONES)]
    zone = zoneinfo.ZoneInfo(name)
    frequency = rng.choice(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY"])
    interval = rng.choice([1, 1, 1, 1, 2, 3, 4, 6, 12, rng.choice([7, 30, 52, 100, 400, 65535])])
    week_start = rng.choice([0, 0, 0, 6, rng.randint(0, 6)])
    local = datetime.datetime(2020, 1, 1) + SECOND * rng.randrange(366 * 86400 * 9 // 60) * 60
    change = None
    if changes(name) and rng.random() < 0.6:
        # Some periods before the clocks change, at about the time of day of the change.
        change = rng.choice(changes(name)) + datetime.timedelta(minutes=15 * rng.randint(-6, 6))
        periods = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30, "YEARLY": 365}[frequency] * interval
        local = change - DAY * min(periods * rng.randint(0, 5), 3650)
    parts = generated_parts(rng, frequency, (change or local).hour)
    first = instant(local, zone, fold=rng.randint(0, 1))
    local = first.astimezone(zone).replace(tzinfo=None, fold=0)

    longest = rng.choice([60, 60, 400, 3660] if frequency == "DAILY" else [400, 3660, 3660])
    last = first + DAY * longest
    found = set()
    for date in expanded(frequency, interval, week_start, parts, local, local + DAY * longest):
        at = instant(date, zone) if date != local else first
        if at >= first:
            found.add(at)
    found = sorted(found | {first})

    rule = [f"FREQ={frequency}"]
    end = rng.choice(["never", "count", "until"])
    if end == "count":
        # The last day may lack dates that its clocks skip, or have them in another order.
        count = rng.randint(1, rng.choice([5, 30, min(len(found), 10_000)]))
        found = found[:count]
        rule.append(f"COUNT={count}")
    elif end == "until":
        until = rng.choice(found + [first + SECOND * rng.randrange(longest * 86400)]) + rng.choice([0, 0, 0, -1, 1]) * SECOND
        on_wall_clock = until.astimezone(zone).replace(tzinfo=None, fold=0)
        kind = rng.choice(["moment", "local", "day"])

        def is_over(at):
            wall_clock = at.astimezone(zone).replace(tzinfo=None, fold=0)
            if kind == "moment":
                return at > until
            return wall_clock > on_wall_clock if kind == "local" else wall_clock.date() > on_wall_clock.date()

        found = [at for at in found if at == first or not is_over(at)]
        form = {"moment": "%Y%m%dT%H%M%SZ", "local": "%Y%m%dT%H%M%S", "day": "%Y%m%d"}[kind]
        rule.append(f"UNTIL={(until if kind == 'moment' else on_wall_clock).strftime(form)}")
    if interval != 1:
        rule.append(f"INTERVAL={interval}")
    if week_start != 0:
        rule.append(f"WKST={DAYS[week_start]}")
    rule += [f"{part}={written(items)}" for part, items in parts.items()]

    def some(others):
        anywhere = [first + SECOND * rng.randrange(longest * 86400) for _ in range(3)]
        return sorted(set(rng.sample(anywhere + others[:5] + others[-5:], rng.randint(1, 3))))

    rdates = some(found) if rng.random() < 0.15 else []
    exdates = some(found + rdates) if rng.random() < 0.15 else []
    since = first - DAY if rng.random() < 0.5 else rng.choice(found) - SECOND * rng.choice([0, 1, rng.randrange(86400 * 30)])
    starts = [at for at in sorted(set(found) | set(rdates)) if since <= at < last - DAY * 3]
    # A stretch is counted with the exceptions in it.
    until = starts[most] if len(starts) > most else last - DAY * 3
    starts = [at for at in starts[:most] if at not in exdates]

    def told(times):
        return [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in times]

    [first, since, until] = told([first, since, until])
    return json.dumps(
        {
            "zone": name,
            "first": first,
            "rule": ";".join(rule),
            "rdates": told(rdates),
            "exdates": told(exdates),
            "from": since,
            "until": until,
            "starts": told(starts),
        },
        separators=(",", ":"),
    )


def check_weeks():
    """Where weeks begin on Monday, they are those of ISO 8601, which Python knows itself."""
    for place in range(60000):
        day = datetime.date(1900, 1, 1) + DAY * place
        year, number, weeks = week(day, 0)
        assert (year, number) == day.isocalendar()[:2], day
        assert weeks == datetime.date(year, 12, 28).isocalendar()[1], day


def main():
    seed, series, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    check_weeks()
    with multiprocessing.Pool() as pool:
        for line in pool.imap(functools.partial(generated, seed, most=most), range(series), chunksize=100):
            print(line)


if __name__ == "__main__":
    main()
