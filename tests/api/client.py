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
    update_appointment,
)
from frontdesk_client.api.conferences import get_conference, list_conferences
from frontdesk_client.models import (
    Appointment,
    AppointmentBatchInput,
    AppointmentChange,
    AppointmentInput,
    ParticipantInput,
    Problem,
    ProblemCode,
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
