-- why: calendar programs read the schedule under an address that is a secret.

-- Of a room, of a host, or of the whole tenant. The hash comes first: it says whose the secret is.
CREATE TABLE feeds (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    id         uuid NOT NULL UNIQUE,
    tenant_id  uuid NOT NULL REFERENCES tenants,
    label      text NOT NULL,
    room       text COLLATE "C",
    -- An e-mail address or an external id.
    host       text,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK (room IS NULL OR host IS NULL)
);

CREATE INDEX feeds_of_tenant ON feeds (tenant_id, id);
