-- why: an app may do some things and not others, and may sign tokens of its own instead of sending its credential.

-- Everything but `admin` for the apps that are there, and for those that an older version adds.
ALTER TABLE apps ADD COLUMN scopes text[] NOT NULL
    DEFAULT '{appointments:read,appointments:write,passwords:read,tokens:mint,conferences:read,conferences:write}'
    CHECK (scopes <@ '{appointments:read,appointments:write,passwords:read,tokens:mint,conferences:read,conferences:write,admin}'::text[]);

-- A token names its app and not the tenant.
CREATE INDEX apps_by_id ON apps (id);

-- What an app signs its tokens with: a secret that both sides know, sealed, or a key of which we have the public half.
CREATE TABLE app_signing_keys (
    tenant_id  uuid NOT NULL,
    app_id     uuid NOT NULL,
    id         uuid NOT NULL,
    algorithm  text NOT NULL CHECK (algorithm IN ('HS256', 'RS256')),
    secret     bytea,
    public_key text,
    issuer     text,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, app_id, id),
    FOREIGN KEY (tenant_id, app_id) REFERENCES apps,
    CHECK ((secret IS NOT NULL) = (algorithm = 'HS256')),
    CHECK ((public_key IS NOT NULL) = (algorithm = 'RS256'))
);
