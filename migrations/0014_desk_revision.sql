-- why: who may ask for what seldom changes, so it is remembered between asks, and each ask reads whether it still holds.

-- One row. What anybody remembers of servers, their credentials and tenants holds as long as the revision is the same. It is
-- no count: after a failover that lost a change, the next change must not get the number of the lost one.
CREATE TABLE desk_revision (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    revision  uuid NOT NULL
);

INSERT INTO desk_revision (revision) VALUES (gen_random_uuid());

-- Whoever may read tenants may read it: a service need not own its tables.
DO $$
DECLARE
    reader record;
BEGIN
    FOR reader IN
        SELECT DISTINCT grantee FROM pg_class, aclexplode(relacl)
        WHERE pg_class.oid = 'tenants'::regclass AND privilege_type = 'SELECT'
    LOOP
        EXECUTE format('GRANT SELECT ON desk_revision TO %s',
                       CASE WHEN reader.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(reader.grantee)) END);
    END LOOP;
END
$$;

-- These are triggers, against our custom, because a forgotten renewal would let a revoked credential in: so what an older version
-- changes during an upgrade counts, too, and what somebody changes by hand, with whatever rights and search path. They run when the
-- transaction commits, so that nobody waits for the row who holds others; and once, however many rows it changed.
CREATE FUNCTION renew_desk_revision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF current_setting('frontdesk.renewed', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        EXECUTE format(
            'INSERT INTO %I.desk_revision (revision) VALUES (gen_random_uuid())
             ON CONFLICT (singleton) DO UPDATE SET revision = EXCLUDED.revision', TG_TABLE_SCHEMA);
        PERFORM set_config('frontdesk.renewed', pg_current_xact_id()::text, true);
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON tenants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
CREATE TRIGGER renew_desk_revision_when_emptied AFTER TRUNCATE ON tenants
    FOR EACH STATEMENT EXECUTE FUNCTION renew_desk_revision();
CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON conference_servers
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
CREATE TRIGGER renew_desk_revision_when_emptied AFTER TRUNCATE ON conference_servers
    FOR EACH STATEMENT EXECUTE FUNCTION renew_desk_revision();
CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON conference_server_tenants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
CREATE TRIGGER renew_desk_revision_when_emptied AFTER TRUNCATE ON conference_server_tenants
    FOR EACH STATEMENT EXECUTE FUNCTION renew_desk_revision();
CREATE CONSTRAINT TRIGGER renew_desk_revision AFTER INSERT OR UPDATE OR DELETE ON server_credentials
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_desk_revision();
CREATE TRIGGER renew_desk_revision_when_emptied AFTER TRUNCATE ON server_credentials
    FOR EACH STATEMENT EXECUTE FUNCTION renew_desk_revision();
