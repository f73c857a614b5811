-- why: people come in by links of their own, on pages with the name, logo and colour of whoever invited them.

-- What the codes of a tenant's links are derived from, sealed. So a link can be shown again, and only its hash lies here.
CREATE TABLE join_secrets (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    secret    bytea NOT NULL
);

-- A link is for one participant of an appointment, or for its guests. The hash of its code comes first: it says whose the link
-- is.
CREATE TABLE join_links (
    hash           bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    id             uuid NOT NULL UNIQUE,
    tenant_id      uuid NOT NULL REFERENCES tenants,
    appointment_id uuid NOT NULL,
    -- Null for the guests' link. Who is expected no longer keeps a link that is revoked.
    participant_id uuid,
    created_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments
);

-- One link each is good at a time.
CREATE UNIQUE INDEX join_links_good ON join_links
    (tenant_id, appointment_id, (COALESCE(participant_id, '00000000-0000-0000-0000-000000000000'::uuid)))
    WHERE revoked_at IS NULL;
CREATE INDEX join_links_of_appointment ON join_links (tenant_id, appointment_id, id);

-- How many codes that there are not came from a network in a minute. The network is a keyed hash: no address is kept.
CREATE TABLE join_guesses (
    network bytea NOT NULL CHECK (octet_length(network) = 16),
    minute  timestamptz NOT NULL,
    guesses integer NOT NULL CHECK (guesses > 0),
    PRIMARY KEY (network, minute)
);

CREATE INDEX join_guesses_by_minute ON join_guesses (minute);

-- What people see of a tenant; one without a row has its name and nothing else.
CREATE TABLE brands (
    tenant_id    uuid PRIMARY KEY REFERENCES tenants,
    display_name text,
    -- As CSS has it: #rrggbb.
    color        text CHECK (color ~ '^#[0-9a-f]{6}$'),
    logo         bytea,
    -- Where people turn who did not get in.
    contact      text
);
