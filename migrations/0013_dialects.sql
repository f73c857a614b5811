-- why: apps that were written for other systems call with those systems' requests, where their tenant says so.

-- Which of those languages a tenant's apps may speak; without a row, none.
CREATE TABLE dialects (
    tenant_id                uuid PRIMARY KEY REFERENCES tenants,
    spoken                   text[] NOT NULL CHECK (spoken <@ '{jiomeet,metered,proconf,datagram}'::text[]),
    -- The most rooms that one app may have at once through JioMeet's; null for no limit.
    jiomeet_rooms            integer CHECK (jiomeet_rooms > 0),
    -- Under which address the tenant's own sub-domain leads here; null where it has none.
    jiomeet_url              text,
    metered_token_lifetime_s integer NOT NULL CHECK (metered_token_lifetime_s > 0),
    proconf_room_length_s    integer NOT NULL CHECK (proconf_room_length_s > 0)
);

-- Datagram's aliases: appointments that are asked for by a name which says nothing of their tenant, with tokens that are
-- signed with a secret of their own. The id comes first: it says whose the alias is.
CREATE TABLE aliases (
    id             text PRIMARY KEY CHECK (id ~ '^alias_[a-z0-9]{10}$'),
    tenant_id      uuid NOT NULL REFERENCES tenants,
    appointment_id uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('conference', 'live')),
    -- Sealed.
    secret         bytea NOT NULL,
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointments
);

CREATE UNIQUE INDEX aliases_by_appointment ON aliases (tenant_id, appointment_id);
