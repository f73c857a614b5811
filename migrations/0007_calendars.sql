-- why: a calendar that is handed in again is the same calendar: its events are known by their UIDs.

CREATE TABLE calendar_events (
    tenant_id      uuid NOT NULL,
    -- What the calendar is called here: UIDs of different calendars have nothing to do with each other.
    calendar       text COLLATE "C" NOT NULL,
    uid            text COLLATE "C" NOT NULL,
    appointment_id uuid NOT NULL,
    sequence       bigint NOT NULL,
    -- Of all that the calendar said of it; what has not changed there is not changed here.
    fingerprint    bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    imported_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, calendar, uid),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments
);

CREATE INDEX calendar_events_of_appointment ON calendar_events (tenant_id, appointment_id);
