-- why: an appointment may recur, and each of its dates may be moved, changed or cancelled alone.

ALTER TABLE appointments
    -- As iCalendar writes it. `starts` is the first date of the rule that is in force; what came before is in `occurrences`.
    ADD COLUMN rrule          text,
    ADD COLUMN rdates         timestamptz[] NOT NULL DEFAULT '{}',
    ADD COLUMN exdates        timestamptz[] NOT NULL DEFAULT '{}',
    -- From the first of all its dates to the end of the last, which is NULL where there is none or it is not known.
    -- Both are NULL where the appointment does not recur.
    ADD COLUMN first_starts   timestamptz,
    ADD COLUMN last_ends      timestamptz,
    -- Its dates that start before this are in `occurrences`; NULL where all are.
    ADD COLUMN expanded_until timestamptz,
    ADD CHECK (first_starts IS NOT NULL OR (rrule IS NULL AND last_ends IS NULL AND expanded_until IS NULL));

DROP INDEX appointments_by_time;
CREATE INDEX appointments_by_time ON appointments USING gist (
    tenant_id,
    tstzrange(COALESCE(first_starts, starts), CASE WHEN first_starts IS NULL THEN ends ELSE last_ends END)
);
CREATE INDEX appointments_to_expand ON appointments (tenant_id, expanded_until, id) WHERE expanded_until IS NOT NULL;

ALTER TABLE occurrences
    -- Which of its fields the date has for itself, and does not follow the appointment in.
    ADD COLUMN own         text[] NOT NULL DEFAULT '{}',
    -- Read only where they are the date's own.
    ADD COLUMN room_name   text,
    ADD COLUMN title       text,
    ADD COLUMN description text,
    -- Whether it was cancelled because the room was taken when the date came within the horizon.
    ADD COLUMN room_taken  boolean NOT NULL DEFAULT false;

CREATE INDEX occurrences_by_start ON occurrences (tenant_id, starts, appointment_id, original_start);
