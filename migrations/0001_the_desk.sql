-- why: the first schema: who may ask, what is booked, which rooms are open.
--
-- Every key and unique index of a tenant's rows begins with the tenant, so that the tables can be
-- sharded by it. The small tables that answer "whose is this?" (credentials) are the exception.
-- There are no triggers, no sequences and no clock in SQL: ids and times come as parameters.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- One row: the master keys that passwords in this database are sealed under (by id, never the key).
CREATE TABLE deployment (
    singleton      boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    master_key_ids text[] NOT NULL
);

CREATE TABLE tenants (
    id                        uuid PRIMARY KEY,
    name                      text COLLATE "C" NOT NULL UNIQUE,
    language                  text NOT NULL CHECK (language IN ('en', 'de')),
    time_zone                 text NOT NULL,
    early_open_s              integer NOT NULL CHECK (early_open_s >= 0),
    grace_s                   integer NOT NULL CHECK (grace_s >= 0),
    max_duration_s            integer CHECK (max_duration_s > 0),
    max_occupants             integer CHECK (max_occupants > 0),
    moderators                text NOT NULL CHECK (moderators IN ('automatic', 'token')),
    when_live_elsewhere       text NOT NULL CHECK (when_live_elsewhere IN ('auto', 'refuse', 'take_over')),
    unscheduled               text NOT NULL CHECK (unscheduled IN ('refuse', 'allow')),
    unscheduled_pattern       text,
    unscheduled_duration_s    integer NOT NULL CHECK (unscheduled_duration_s > 0),
    unscheduled_lobby         boolean NOT NULL,
    unscheduled_max_occupants integer CHECK (unscheduled_max_occupants > 0),
    capacity                  integer CHECK (capacity > 0),
    horizon_days              integer NOT NULL CHECK (horizon_days > 0),
    revision                  bigint NOT NULL,
    created_at                timestamptz NOT NULL,
    disabled_at               timestamptz
);

CREATE TABLE conference_servers (
    id                uuid PRIMARY KEY,
    name              text COLLATE "C" NOT NULL UNIQUE,
    default_tenant_id uuid NOT NULL REFERENCES tenants,
    serves_all        boolean NOT NULL,
    state             text NOT NULL CHECK (state IN ('active', 'drained', 'lost', 'revoked')),
    created_at        timestamptz NOT NULL
);

-- The tenants a server may ask for beside its default one.
CREATE TABLE conference_server_tenants (
    tenant_id uuid NOT NULL REFERENCES tenants,
    server_id uuid NOT NULL REFERENCES conference_servers,
    PRIMARY KEY (tenant_id, server_id)
);

CREATE TABLE server_credentials (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    id         uuid NOT NULL UNIQUE,
    server_id  uuid NOT NULL REFERENCES conference_servers,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE apps (
    tenant_id  uuid NOT NULL REFERENCES tenants,
    id         uuid NOT NULL,
    name       text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE app_credentials (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    id         uuid NOT NULL UNIQUE,
    tenant_id  uuid NOT NULL,
    app_id     uuid NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    FOREIGN KEY (tenant_id, app_id) REFERENCES apps
);

-- What was booked. `room` is the canonical key, `room_name` what the booker wrote.
-- An option that is NULL follows the tenant's setting of the day.
CREATE TABLE appointments (
    tenant_id      uuid NOT NULL REFERENCES tenants,
    id             uuid NOT NULL,
    room           text COLLATE "C" NOT NULL,
    room_name      text NOT NULL,
    title          text,
    time_zone      text NOT NULL,
    starts         timestamptz NOT NULL,
    ends           timestamptz,
    early_open_s   integer CHECK (early_open_s >= 0),
    grace_s        integer CHECK (grace_s >= 0),
    max_duration_s integer CHECK (max_duration_s > 0),
    max_occupants  integer CHECK (max_occupants > 0),
    lobby          boolean NOT NULL,
    password       bytea,
    created_at     timestamptz NOT NULL,
    cancelled_at   timestamptz,
    PRIMARY KEY (tenant_id, id),
    CHECK (ends > starts)
);

CREATE INDEX appointments_by_start ON appointments (tenant_id, starts, id);

-- The dates of an appointment, with all that a decision needs, so that it reads one table.
-- The hash keeps the planner from answering `room = $1` out of the slower GiST index.
CREATE TABLE occurrences (
    tenant_id      uuid NOT NULL,
    appointment_id uuid NOT NULL,
    original_start timestamptz NOT NULL,
    room           text COLLATE "C" NOT NULL,
    starts         timestamptz NOT NULL,
    ends           timestamptz,
    early_open_s   integer CHECK (early_open_s >= 0),
    grace_s        integer CHECK (grace_s >= 0),
    max_duration_s integer CHECK (max_duration_s > 0),
    max_occupants  integer CHECK (max_occupants > 0),
    lobby          boolean NOT NULL,
    password       bytea,
    revision       bigint NOT NULL,
    cancelled_at   timestamptz,
    PRIMARY KEY (tenant_id, appointment_id, original_start),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments,
    CHECK (ends > starts),
    CONSTRAINT occurrences_no_double_booking EXCLUDE USING gist (
        tenant_id WITH =,
        hashtextextended(room, 0) WITH =,
        tstzrange(starts, ends) WITH &&
    ) WHERE (cancelled_at IS NULL)
);

CREATE INDEX occurrences_booked ON occurrences (tenant_id, room, starts) WHERE cancelled_at IS NULL;
CREATE INDEX occurrences_cancelled ON occurrences (tenant_id, room, starts) WHERE cancelled_at IS NOT NULL;

-- Rooms that were granted. Everything an answer says is copied here at the grant and never changed,
-- so that what a conference server was told stays what it is told.
CREATE TABLE conferences (
    tenant_id      uuid NOT NULL REFERENCES tenants,
    id             uuid NOT NULL,
    room           text COLLATE "C" NOT NULL,
    node           text NOT NULL,
    server_id      uuid NOT NULL REFERENCES conference_servers,
    mail_owner     text NOT NULL,
    -- Whether an honest client may have spelled the node so. Only such a conference counts towards
    -- the tenant's capacity and the longest time of its appointment.
    usual          boolean NOT NULL,
    appointment_id uuid,
    original_start timestamptz,
    -- When the date was to start at the grant: another start means that it was moved.
    booked_start   timestamptz,
    opened_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    max_occupants  integer,
    lobby          boolean NOT NULL,
    password       bytea,
    closed_at      timestamptz,
    close_reason   text CHECK (close_reason IN ('released', 'expired', 'superseded', 'cancelled', 'closed_by_hand')),
    PRIMARY KEY (tenant_id, id),
    CHECK (ends_at > opened_at),
    CHECK ((appointment_id IS NULL) = (original_start IS NULL)),
    CHECK ((appointment_id IS NULL) = (booked_start IS NULL)),
    CHECK ((closed_at IS NULL) = (close_reason IS NULL))
);

-- The only index on open rows, so that none other can lure the planner away from it; the sweeper
-- can afford to look at all of them.
CREATE UNIQUE INDEX conferences_one_open_per_room ON conferences (tenant_id, room) WHERE closed_at IS NULL;
CREATE INDEX conferences_by_occurrence ON conferences (tenant_id, appointment_id, original_start, opened_at)
    WHERE appointment_id IS NOT NULL;
CREATE INDEX conferences_by_close ON conferences (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX conferences_by_opening ON conferences (tenant_id, opened_at, id);

-- Why a room did not open, for the one who asks the next day.
CREATE TABLE refusals (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    server_id  uuid NOT NULL,
    node       text NOT NULL,
    reason     text NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX refusals_by_time ON refusals (refused_at);
