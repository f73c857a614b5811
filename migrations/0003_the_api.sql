-- why: Apps keep with an appointment what they need to find it and to show it, and an answer can be given twice.

ALTER TABLE appointments
    ADD COLUMN app_id      uuid,
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN description text,
    ADD COLUMN metadata    json NOT NULL DEFAULT '{}',
    ADD COLUMN revision    bigint NOT NULL DEFAULT 1,
    -- Null where nothing has changed since it was booked.
    ADD COLUMN updated_at  timestamptz;

-- Per app; those of the command line share one space. A cancelled appointment gives its external id back.
CREATE UNIQUE INDEX appointments_by_external_id
    ON appointments (tenant_id, external_id, (COALESCE(app_id, '00000000-0000-0000-0000-000000000000')))
    WHERE external_id IS NOT NULL AND cancelled_at IS NULL;
CREATE INDEX appointments_by_any_external_id ON appointments (tenant_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX appointments_by_creation ON appointments (tenant_id, created_at, id);
CREATE INDEX appointments_by_time ON appointments USING gist (tenant_id, tstzrange(starts, ends));
CREATE INDEX appointments_by_room ON appointments (tenant_id, room, starts, id);

CREATE TABLE participants (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    appointment_id uuid NOT NULL,
    position       integer NOT NULL,
    role           text NOT NULL CHECK (role IN ('host', 'participant', 'observer')),
    name           text,
    email          text,
    external_id    text COLLATE "C",
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments
);

CREATE INDEX participants_of_appointment ON participants (tenant_id, appointment_id, position);
CREATE INDEX hosts_by_email ON participants (tenant_id, lower(email)) WHERE role = 'host';
CREATE INDEX hosts_by_external_id ON participants (tenant_id, external_id) WHERE role = 'host';

-- What an app was answered, sealed: it may hold a password or a credential.
CREATE TABLE idempotency_keys (
    tenant_id    uuid NOT NULL REFERENCES tenants,
    app_id       uuid NOT NULL,
    key_hash     bytea NOT NULL CHECK (octet_length(key_hash) = 32),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    -- Null only within the transaction that does what was asked for.
    answer       bytea,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, app_id, key_hash)
);

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
