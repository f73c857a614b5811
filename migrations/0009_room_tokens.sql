-- why: rooms can be entered with tokens, which Frontdesk signs with keys of its own or of a tenant.

-- The names of all keys that ever were, as SHA-256: verifiers may remember a key under its name for as long as they run,
-- so a name is never used again, also when the tenant of its key is gone.
CREATE TABLE signing_kids (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32)
);

-- What room tokens are signed with. Without a tenant: the deployment's own, which sign for every tenant that has none.
CREATE TABLE signing_keys (
    id              uuid PRIMARY KEY,
    tenant_id       uuid REFERENCES tenants,
    kid             text COLLATE "C" NOT NULL,
    kid_hash        bytea NOT NULL UNIQUE REFERENCES signing_kids,
    algorithm       text NOT NULL
        CHECK (algorithm IN ('RS256', 'RS384', 'RS512', 'HS256', 'HS384', 'HS512', 'ES256', 'EdDSA')),
    -- Who had the private half first.
    origin          text NOT NULL CHECK (origin IN ('made', 'imported')),
    -- Sealed; gone as soon as nothing is signed or verified with it any more.
    private         bytea,
    public_key      text,
    certificate     text,
    created_at      timestamptz NOT NULL,
    activated_at    timestamptz,
    retired_at      timestamptz,
    -- Since when it is served to nobody.
    withdrawn_at    timestamptz,
    -- No token that it signed is good after this.
    tokens_end_at   timestamptz,
    CHECK (retired_at IS NOT NULL OR withdrawn_at IS NULL),
    CHECK (private IS NOT NULL OR retired_at IS NOT NULL),
    CHECK ((public_key IS NULL) = (algorithm IN ('HS256', 'HS384', 'HS512')))
);

-- One signs at a time.
CREATE UNIQUE INDEX signing_keys_active ON signing_keys
    ((COALESCE(tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)), algorithm)
    WHERE activated_at IS NOT NULL AND retired_at IS NULL;
CREATE INDEX signing_keys_served ON signing_keys (tenant_id) WHERE withdrawn_at IS NULL;

-- What a tenant's tokens are like; a tenant without a row has the defaults.
CREATE TABLE token_settings (
    tenant_id       uuid PRIMARY KEY REFERENCES tenants,
    verifier        text NOT NULL CHECK (verifier IN ('jitsi', 'jaas', 'other')),
    algorithm       text NOT NULL
        CHECK (algorithm IN ('RS256', 'RS384', 'RS512', 'HS256', 'HS384', 'HS512', 'ES256', 'EdDSA')),
    issuer          text NOT NULL,
    audience        text NOT NULL,
    subject         text,
    guest_lifetime_s integer NOT NULL CHECK (guest_lifetime_s > 0),
    -- What each role may do: an object with a member for each that is not as ever.
    roles           json NOT NULL
);

-- What is revoked: one token, or all that were made for an appointment, or for one person there, until then.
CREATE TABLE token_revocations (
    tenant_id      uuid NOT NULL REFERENCES tenants,
    id             uuid NOT NULL,
    token_id       uuid,
    appointment_id uuid,
    participant_id uuid,
    revoked_at     timestamptz NOT NULL,
    -- Every token that it is about has expired by then.
    ends_at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((token_id IS NULL) <> (appointment_id IS NULL)),
    CHECK (participant_id IS NULL OR appointment_id IS NOT NULL)
);

CREATE INDEX token_revocations_of_token ON token_revocations (tenant_id, token_id) WHERE token_id IS NOT NULL;
CREATE INDEX token_revocations_of_appointment ON token_revocations (tenant_id, appointment_id)
    WHERE appointment_id IS NOT NULL;
CREATE INDEX token_revocations_by_end ON token_revocations (ends_at);

-- A token for every room opens every room: it takes a scope of its own, which no app has that nobody gave it to.
ALTER TABLE apps DROP CONSTRAINT apps_scopes_check;
ALTER TABLE apps ADD CONSTRAINT apps_scopes_check
    CHECK (scopes <@ '{appointments:read,appointments:write,passwords:read,tokens:mint,tokens:wildcard,conferences:read,conferences:write,admin}'::text[]);
