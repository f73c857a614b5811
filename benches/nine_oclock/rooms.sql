-- Rooms that are booked for now, each once or weekly on many dates. How many: `bench.rooms`, `bench.dates`.
-- The indexes of the occurrences are made afterwards: that is faster, and they end up as after a REINDEX. So it is by the order of
-- the rows: the one against double bookings is made from the rows as they come, which takes much longer if they come all over it.

CREATE TEMP TABLE wanted AS
SELECT
    current_setting('bench.rooms')::bigint AS rooms,
    current_setting('bench.dates')::bigint AS dates,
    date_trunc('minute', now()) - interval '1 hour' AS today,
    interval '12 hours' AS length;

-- As Frontdesk makes ids: the time first, then what makes them unique.
CREATE FUNCTION pg_temp.id(number bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (
        lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 10000000 + number), 12, '0') || '7'
        || substr(md5(number::text), 1, 3) || '8' || substr(md5(number::text), 4, 15)
    )::uuid
$$;

CREATE TEMP TABLE booked AS
SELECT
    t.id AS tenant_id, pg_temp.id(number) AS id, 'room-' || number * 2654435761 % 4294967296 AS room,
    today - (dates / 2) * interval '1 week' AS first, today, length, dates
FROM wanted, generate_series(0, rooms - 1) AS number
JOIN tenants t ON t.name = 'tenant-' || number % 8;

INSERT INTO appointments (tenant_id, id, room, room_name, title, time_zone, starts, ends, lobby, created_at,
                          rrule, first_starts, last_ends)
SELECT tenant_id, id, room, room, 'Weekly meeting', 'Europe/Berlin', first, first + length, false, now(),
       CASE WHEN dates > 1 THEN 'FREQ=WEEKLY;COUNT=' || dates END,
       CASE WHEN dates > 1 THEN first END,
       CASE WHEN dates > 1 THEN first + (dates - 1) * interval '1 week' + length END
FROM booked;

ALTER TABLE occurrences DROP CONSTRAINT occurrences_no_double_booking, DROP CONSTRAINT occurrences_pkey,
    DROP CONSTRAINT occurrences_tenant_id_appointment_id_fkey;
DROP INDEX occurrences_booked, occurrences_cancelled, occurrences_by_start;

INSERT INTO occurrences (tenant_id, appointment_id, original_start, room, starts, ends, lobby, revision)
SELECT tenant_id, id, first + week * interval '1 week', room, first + week * interval '1 week',
       first + week * interval '1 week' + length, false, 1
FROM (SELECT * FROM booked ORDER BY tenant_id, hashtextextended(room, 0)) AS booked, generate_series(0, dates - 1) AS week;

ALTER TABLE occurrences
    ADD PRIMARY KEY (tenant_id, appointment_id, original_start),
    ADD FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments,
    ADD CONSTRAINT occurrences_no_double_booking EXCLUDE USING gist (
        tenant_id WITH =,
        hashtextextended(room, 0) WITH =,
        tstzrange(starts, ends) WITH &&
    ) WHERE (cancelled_at IS NULL);
CREATE INDEX occurrences_booked ON occurrences (tenant_id, room, starts) WHERE cancelled_at IS NULL;
CREATE INDEX occurrences_cancelled ON occurrences (tenant_id, room, starts) WHERE cancelled_at IS NOT NULL;
CREATE INDEX occurrences_by_start ON occurrences (tenant_id, starts, appointment_id, original_start);

-- What was open on the days before, long closed: what a table of conferences is mostly made of.
CREATE TABLE bench_history (LIKE conferences INCLUDING DEFAULTS);
INSERT INTO bench_history (tenant_id, id, room, node, server_id, mail_owner, usual, appointment_id, original_start,
                           booked_start, opened_at, ends_at, lobby, closed_at, close_reason)
SELECT tenant_id, gen_random_uuid(), room, room, (SELECT id FROM conference_servers), 'abc@meet.test', true, id, opened,
       opened, opened, opened + length, false, opened + interval '1 hour', 'released'
FROM (
    SELECT booked.*, today - interval '1 day' - number * interval '4 minutes' AS opened
    FROM booked, generate_series(1, GREATEST(1, 20000 / (SELECT rooms FROM wanted))) AS number LIMIT 20000
) AS past;
