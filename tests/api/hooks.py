"""What Schemathesis has to know of Frontdesk that no document says. Read by scripts/test-api."""

import datetime
import os
import re
import uuid

import schemathesis

# What a schema can't say: what fields have to do with each other, with the calendar, or with what is there already.
BEYOND_SCHEMAS = [
    r"^this can't be said besides ",
    r"^say `ends` or `duration_seconds`",
    r"^(it|the range) has to end after it starts$",
    r"^the appointment has to end ",
    r"^write \d+ participants in a batch at the most$",
    r"^the range is longer than \d+ days$",
    r"^this is before `from`$",
    r"^there is no tenant `",
    r"^this is not a public key in PEM",
    r"^an HS256 key has no public half$",
    r"^give the public half of the key$",
    r"^names that begin with `",
    r"^regex parse error",
    r"[Rr]egex",
    r"^write a time in the years 1970 to 9999$",
    r"^this is not an IANA time zone ",
    r"^this is no `next_cursor` of a page$",
    r"^participants get their `id` when they are booked$",
    r"^nobody with the id `[-0-9a-f]+` is expected at this appointment$",
    r"^say a name, an e-mail address or an external id$",
    r"^the name is empty$",
    r"^the name is longer than \d+ bytes$",
    r"^the name contains a control character$",
    r"^a room's name can't contain an apostrophe",
    r"^name the tenant on its own",
    r"^write a JSON object of at most \d+ bytes, \d+ levels deep",
]

# Problems that are about more than the request.
CODES = {
    "beyond_horizon",
    "idempotency_key_reused",
    "locked_lobby",
    "no_conference_server",
    "precondition_failed",
}


def _is_beyond(problem):
    """Whether a refusal is for something that no schema says."""
    if problem.get("code") in CODES:
        return True
    errors = problem.get("errors", [])
    return bool(errors) and all(
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


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Keeps the branch that we sit on: nothing but reading is done to our own tenant, app and credential."""
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
    people = booking.get("participants")
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict) and not any(person.get(name) for name in ("name", "email", "external_id")):
            person["name"] = "Ada"
