"""A client that a generator has made from the document works against the service. Run by scripts/test-api."""

import datetime
import os
import uuid

import httpx
from frontdesk_client import AuthenticatedClient
from frontdesk_client.api.appointments import (
    cancel_appointment,
    create_appointment,
    create_appointments,
    get_appointment,
    list_appointments,
    preview_appointment,
    update_appointment,
)
from frontdesk_client.api.conferences import get_conference, list_conferences
from frontdesk_client.api.occurrences import (
    cancel_following,
    cancel_occurrence,
    get_occurrence,
    list_occurrences,
    list_occurrences_of_appointment,
    update_following,
    update_occurrence,
)
from frontdesk_client.models import (
    Appointment,
    AppointmentBatchInput,
    AppointmentChange,
    AppointmentInput,
    Occurrence,
    ParticipantInput,
    Problem,
    ProblemCode,
    RecurrenceInput,
)

client = AuthenticatedClient(base_url=os.environ["FRONTDESK_URL"], token=os.environ["FRONTDESK_KEY"])
room = f"generated {uuid.uuid4()}"
starts = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=1)
hour = datetime.timedelta(hours=1)


def book(starts, **more):
    body = AppointmentInput(room=room, starts=starts, duration_seconds=3600, **more)
    return create_appointment.sync_detailed(client=client, body=body, idempotency_key=str(uuid.uuid4()))


# It books, and reads what it has booked.
booked = book(starts, title="Consultation", participants=[ParticipantInput(name="Ada", role="host")])
assert booked.status_code == 201, booked
assert isinstance(booked.parsed, Appointment)
assert booked.parsed.starts == starts and booked.parsed.ends == starts + hour, booked.parsed
assert booked.parsed.participants[0].name == "Ada" and booked.parsed.title == "Consultation"
shown = get_appointment.sync(booked.parsed.id, client=client)
assert shown == booked.parsed, shown

# It is told that the room is taken, and by which appointment.
refused = book(starts + hour / 2)
assert refused.status_code == 409 and isinstance(refused.parsed, Problem), refused
assert refused.parsed.code == ProblemCode.ROOM_TAKEN, refused.parsed
assert refused.parsed.additional_properties["appointment"] == str(booked.parsed.id), refused.parsed

# It moves the appointment from the version that it has read, and from no other.
etag = booked.headers["ETag"]
later = AppointmentChange(starts=starts + 2 * hour)
moved = update_appointment.sync_detailed(booked.parsed.id, client=client, body=later, if_match=etag)
assert isinstance(moved.parsed, Appointment) and moved.parsed.ends == starts + 3 * hour, moved
outdated = update_appointment.sync(booked.parsed.id, client=client, body=later, if_match=etag)
assert isinstance(outdated, Problem) and outdated.code == ProblemCode.PRECONDITION_FAILED, outdated

# It books many at once, and lists them page by page.
days = [AppointmentInput(room=room, starts=starts + n * 24 * hour, duration_seconds=60) for n in range(1, 6)]
many = create_appointments.sync(client=client, body=AppointmentBatchInput(appointments=days))
assert len(many.data) == 5, many
listed, cursor = [], {}
while True:
    page = list_appointments.sync(client=client, room=room, limit=4, **cursor)
    assert all(isinstance(item, Appointment) for item in page.data), page
    listed += page.data
    if page.next_cursor is None:
        break
    cursor = {"cursor": page.next_cursor}
assert [item.id for item in listed] == [moved.parsed.id] + [item.id for item in many.data], listed

# It cancels.
cancelled = cancel_appointment.sync(booked.parsed.id, client=client, if_match=moved.headers["ETag"])
assert isinstance(cancelled, Appointment) and cancelled.state == "cancelled", cancelled

# It books what recurs, after a look at its dates.
day, week = 24 * hour, 7 * 24 * hour
series_starts = starts + 30 * day
weekly = AppointmentInput(
    room=room, starts=series_starts, duration_seconds=3600, recurrence=RecurrenceInput(rrule="FREQ=WEEKLY;COUNT=4")
)
preview = preview_appointment.sync(client=client, body=weekly, limit=3)
assert [date.starts for date in preview.dates] == [series_starts + n * week for n in range(3)] and preview.more, preview
series = create_appointment.sync_detailed(client=client, body=weekly)
assert series.status_code == 201 and series.parsed.recurrence.rrule == "FREQ=WEEKLY;COUNT=4", series
which = series.parsed.id
dates = list_occurrences_of_appointment.sync(which, client=client).data
assert [date.original_start for date in dates] == [series_starts + n * week for n in range(4)], dates
taken = create_appointment.sync(client=client, body=AppointmentInput(room=room, starts=dates[3].starts, duration_seconds=60))
assert isinstance(taken, Problem) and taken.code == ProblemCode.ROOM_TAKEN, taken

# It moves one date, and another one with all that follow; it cancels one.
etag = series.headers["ETag"]
later = AppointmentChange(starts=dates[1].starts + day)
moved = update_occurrence.sync_detailed(which, dates[1].original_start, client=client, body=later, if_match=etag)
assert isinstance(moved.parsed, Occurrence) and moved.parsed.own == ["time"], moved
assert moved.parsed.starts == dates[1].starts + day and moved.parsed.ends == dates[1].ends + day, moved
assert get_occurrence.sync(which, dates[1].original_start, client=client) == moved.parsed
later = AppointmentChange(starts=dates[2].starts + hour)
etag = moved.headers["ETag"]
following = update_following.sync(which, dates[2].original_start, client=client, body=later, if_match=etag)
assert isinstance(following, Appointment) and following.starts == dates[2].starts + hour, following
cancelled = cancel_occurrence.sync(which, dates[0].original_start, client=client)
assert isinstance(cancelled, Occurrence) and cancelled.state == "cancelled", cancelled
ended = cancel_following.sync(which, dates[3].original_start + hour, client=client)
assert isinstance(ended, Appointment) and ended.recurrence.last_ends == dates[2].ends + hour, ended
calendar = list_occurrences.sync(client=client, room=room, from_=series_starts).data
assert [date.starts for date in calendar] == [dates[1].starts + day, dates[2].starts + hour], calendar

# A room that a conference server has opened is seen. (Some stay open, for Schemathesis to find.)
server = {"Authorization": f"Bearer {os.environ['FRONTDESK_SERVER_KEY']}"}
for n in range(3):
    now = datetime.datetime.now(datetime.timezone.utc)
    body = AppointmentInput(room=f"open-{n}", starts=now, ends=None)
    assert create_appointment.sync_detailed(client=client, body=body).status_code == 201
    asked = httpx.post(f"{os.environ['FRONTDESK_URL']}/conference", data={"name": f"open-{n}"}, headers=server)
    assert asked.status_code == 200, asked.text
conferences = list_conferences.sync(client=client).data
assert len(conferences) == 3, conferences
assert get_conference.sync(conferences[0].id, client=client) == conferences[0]
