"""What Schemathesis has to know of Frontdesk that no document says. Read by scripts/test-api."""

import copy
import datetime
import itertools
import json
import os
import re
import urllib.request
import uuid
import zlib

import schemathesis

# What a schema can't say: what fields have to do with each other, with the calendar, or with what is there already.
BEYOND_SCHEMAS = [
    r"^this can't be said besides ",
    r"^say `ends` or `duration_seconds`",
    r"^say `rrule` or `rdates`; null for once$",
    r"^say whose calendar it is: ",
    r"^say whom it is for: ",
    r"^a logo ",
    r"^(it|the range) has to end after it starts$",
    r"^the appointment has to end ",
    r"^write \d+ participants in a batch at the most$",
    r"^the range is longer than \d+ days$",
    r"^this is before `from`$",
    r"^there is no tenant `",
    r"^write an address such as https://",
    r"^this is not a public key in PEM",
    r"^an HS256 key has no public half$",
    r"^names that begin with `",
    r"^regex parse error",
    r"[Rr]egex",
    r"^write a time in the years 1970 to 9999$",
    r"^this is not an IANA time zone ",
    r"^this is no `next_cursor` of a page$",
    r"^this is the `next_cursor` of a list in another `order`$",
    r"^participants get their `id` when they are booked$",
    r"^nobody with the id `[-0-9a-f]+` is expected at this appointment$",
    r"^several are expected there who have ",
    r"^this lies in the past: ",
    r"^a room can't be called ",
    r"^say a name, an e-mail address or an external id$",
    r"^the name is empty$",
    r"^the name is longer than \d+ bytes$",
    r"^the name contains a control character$",
    r"^a room's name can't contain an apostrophe",
    r"^name the tenant on its own",
    r"^write a JSON object of at most \d+ bytes, \d+ levels deep",
    # What a rule says.
    r"^`[A-Z]+` is there twice$",
    r"^rules have no part `",
    r"^`[A-Z]+` can't be `",
    r"^a rule ends by `COUNT` or by `UNTIL`, ",
    r"^`(BYWEEKNO|BYYEARDAY|BYMONTHDAY)` is (only|not) for ",
    r"^the first or last of a weekday ",
    r"^`BYSETPOS` picks from what another part names",
    r"^a rule names at most \d+ times in a day$",
    # What a rule makes of the start, the length and the exceptions.
    r"^the rule does not name the start",
    r"^the dates of an appointment that recurs have to end within ",
    r"^the date \S+ overlaps another date of the same appointment$",
    r"^the series has more than \d+ dates until ",
    r"^\S+ is not one of the dates, so it can't be excepted$",
    # What belongs to an appointment as a whole, or to one that recurs.
    r"^a single date has no participants, ",
    r"^participants, metadata, external id and recording belong to the whole appointment",
    r"^this appointment does not recur",
    # Room tokens and their keys.
    r"^it can be good until ",
    r"^it would not be good at any time",
    r"^a token that opens more than one room is good for ",
    r"^no token can be made for a room called `\*`",
    r"^a pattern ",
    r"^this is no pattern of Lua's",
    r"^the claim `\w+` is ours to write$",
    r"^at most \d+ claims of your own",
    r"^a feature is ",
    r"^write an object of features",
    r"^write \d+ features at the most$",
    r"^write the picture's address",
    r"^this is said of an appointment only$",
    r"^a key id is ",
    r"^this is no private key in PEM",
    r"^this is (a public key|too long to be a key|encrypted)",
    r"^a (shared )?secret ",
    r"^\w+ takes (a|a private|a shared)",
    r"^this JWK ",
    r"^Jitsi's Prosody verifies ",
    r"^JaaS ",
    r"^`\*` is no issuer",
    r"^an? (subject|audience) has ",
]

# Problems that are about more than the request.
CODES = {
    "beyond_horizon",
    "idempotency_key_reused",
    "no_conference_server",
    "precondition_failed",
}


def _is_beyond(problem):
    """Whether a refusal is for something that no schema says."""
    if problem.get("code") in CODES:
        return True
    errors = problem.get("errors") or [problem]
    return all(
        error.get("code", "invalid_fields") not in ("invalid_fields", "batch_failed")
        or any(re.search(pattern, error["detail"]) for pattern in BEYOND_SCHEMAS)
        for error in errors
    )


@schemathesis.check
def what_the_document_allows_is_accepted(ctx, response, case):
    """As positive_data_acceptance, which goes by the status alone: a 422 has to be for something that no schema says."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    status = response.status_code
    if status < 400 or status in (401, 403, 404, 409, 429):
        return
    if status in (412, 422) and _is_beyond(response.json()):
        return
    raise AssertionError(f"the document allows this, and it was refused: {response.text}")


turns = itertools.count()


def _some_date():
    """A date that is there, another one each time."""
    request = urllib.request.Request(
        f"{os.environ['FRONTDESK_URL']}/v1/occurrences?limit=1000&state=upcoming",
        headers={"Authorization": f"Bearer {os.environ['FRONTDESK_KEY']}"},
    )
    with urllib.request.urlopen(request) as answer:
        dates = [date for date in json.load(answer)["data"] if date["recurs"]]
    return dates[next(turns) * 7 % len(dates)] if dates else None


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Asks for dates that are there, which nobody guesses. And keeps the branch that we sit on: nothing but reading is done
    to our own tenant, app and credential."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if positive and case.path.startswith("/v1/appointments") and isinstance(case.body, dict):
        # For the bodies that are made one by one, of the same parts.
        case.body = map_body(ctx, copy.deepcopy(case.body))
        if case.method.upper() == "POST" and (turn := next(turns)) % 4:
            case.body |= {name: f"{name} {turn}" for name in ("room", "external_id") if case.body.get(name)}
            if turn % 2 and "starts" in case.body:
                case.body["recurrence"] = {"rrule": "FREQ=DAILY;COUNT=3"}
                case.body.pop("ends", None)
                case.body["duration_seconds"] = 1800
    date = _some_date() if positive and "original_start" in (case.path_parameters or {}) else None
    if date:
        case.path_parameters |= {"id": date["appointment"], "original_start": date["original_start"]}
        _be_of_a_date(case)
    own = os.environ["FRONTDESK_OWN"].split()
    if case.method.upper() not in ("GET", "HEAD", "OPTIONS", "TRACE"):
        for name, value in (case.path_parameters or {}).items():
            if str(value).lower() in own:
                case.path_parameters[name] = str(uuid.uuid4())


@schemathesis.hook
def map_body(ctx, body):
    """Has most bookings be about days that can be booked, and hold together: they are made, rather than refused."""
    if isinstance(body, dict):
        inner = body.get("appointments")
        for booking in [body, *inner] if isinstance(inner, list) else [body]:
            if isinstance(booking, dict):
                _hold_together(booking)
    return body


def _hold_together(booking):
    year = datetime.date.today().year
    for name, later in (("starts", 1), ("ends", 2)):
        if isinstance(booking.get(name), str):
            moved = re.sub(r"^\d{4}(?=-\d\d-\d\dT)", str(year + later), booking[name])
            booking[name] = moved.replace("-02-29T", "-02-28T")
    if isinstance(booking.get("time_zone"), str):
        booking["time_zone"] = "Europe/Berlin"
    if "ends" in booking and booking.get("duration_seconds") is not None:
        del booking["duration_seconds"]
    if "starts" in booking and "ends" not in booking and booking.get("duration_seconds") is None:
        booking["duration_seconds"] = 1800
    if booking.get("password") is not None and booking.get("generate_password") is True:
        del booking["generate_password"]
    recurrence = booking.get("recurrence")
    if isinstance(recurrence, dict):
        _recur(booking, recurrence)
    people = booking.get("participants")
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict) and not any(person.get(name) for name in ("name", "email", "external_id")):
            person["name"] = "Ada"


def _recur(booking, recurrence):
    """Three of four rules name their start, and leave a day for each date."""
    rule = recurrence.get("rrule")
    if zlib.crc32(json.dumps(recurrence, sort_keys=True).encode()) % 4 == 0:
        return
    if rule is None or isinstance(rule, str):
        recurrence["rrule"] = "FREQ=DAILY;COUNT=3"
    for name in ("rdates", "exdates"):
        if isinstance(recurrence.get(name), list):
            recurrence[name] = []
    if "starts" in booking:
        booking.pop("ends", None)
        booking["duration_seconds"] = 1800


def _be_of_a_date(case):
    """Three of four changes of dates are of what a date can have, and of the version that is there."""
    if case.method.upper() != "PATCH" or not isinstance(case.body, dict) or next(turns) % 4 == 0:
        return
    whole = ["participants", "metadata", "external_id"]
    for name in whole if case.path.endswith("/following") else [*whole, "time_zone", "recurrence"]:
        case.body.pop(name, None)
    if case.body.get("ends", True) is None:
        del case.body["ends"]
    case.headers = {**(case.headers or {}), "If-Match": "*"}
