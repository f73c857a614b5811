-- why: who may ask for what seldom changes, so it is remembered between asks, and each ask reads whether it still holds.

-- One row. What anybody remembers of servers, their credentials and tenants holds as long as the revision is the same. It is
-- no count: after a failover that lost a change, the next change must not get the number of the lost one.
CREATE TABLE desk_revision (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    revision  uuid NOT NULL
);

INSERT INTO desk_revision (revision) VALUES (gen_random_uuid());

-- These are triggers, against our custom, because a forgotten renewal would let a revoked credential in: so what an older version
-- changes during an upgrade counts, too, and what somebody changes by hand. They run when the transaction commits, so that nobody
-- waits for the row who holds others.
CREATE FUNCTION renew_desk_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE desk_revision SET revision = gen_random_uuid();
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON tenants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON conference_servers
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON conference_server_tenants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON server_credentials
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
