-- The best single ask: one function, called with a prepared statement, whose plans are kept. It does what Frontdesk does for an ask,
-- as far as one statement can: the credential, the tenant, the date, the window, who is there, and the same durable row. It
-- leaves out what would make it slower: policies, passwords, reasons other than these, a lock on the date, a log of refusals.
CREATE FUNCTION ask(credential bytea, tenant_number bigint, kind text, room_number bigint, owner text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    tenant_name text := 'tenant-' || tenant_number;
    asked text := kind || '-' || room_number;
    moment timestamptz := clock_timestamp();
    desk record;
    opened uuid;
BEGIN
    SELECT s.id AS server_id, t.id AS tenant_id, o.appointment_id, o.original_start, o.starts,
           o.ends + COALESCE(o.grace_s, t.grace_s) * interval '1 second' AS closes,
           COALESCE(o.max_occupants, t.max_occupants) AS max_occupants, o.lobby, o.password, c.id AS live
    INTO desk
    FROM server_credentials k
    JOIN conference_servers s ON s.id = k.server_id AND s.state = 'active'
    JOIN tenants t ON t.name = tenant_name AND t.disabled_at IS NULL AND (s.serves_all OR t.id = s.default_tenant_id)
    LEFT JOIN LATERAL (
        SELECT * FROM occurrences b
        WHERE b.tenant_id = t.id AND b.room = asked AND b.starts <= moment AND b.cancelled_at IS NULL
        ORDER BY b.starts DESC LIMIT 1
    ) o ON true
    LEFT JOIN LATERAL (
        SELECT l.id FROM conferences l
        WHERE l.tenant_id = t.id AND l.room = asked AND l.closed_at IS NULL LIMIT 1
    ) c ON true
    WHERE k.hash = credential AND k.revoked_at IS NULL;

    IF NOT FOUND THEN
        RETURN 'unauthorized';
    ELSIF desk.appointment_id IS NULL OR desk.closes <= moment THEN
        RETURN 'unknown_room';
    ELSIF desk.live IS NOT NULL THEN
        RETURN 'open_already';
    END IF;

    INSERT INTO conferences (tenant_id, id, room, node, server_id, mail_owner, usual, appointment_id, original_start,
                             booked_start, opened_at, ends_at, max_occupants, lobby, password)
    VALUES (desk.tenant_id, gen_random_uuid(), asked, '[' || tenant_name || ']' || asked, desk.server_id, owner, true,
            desk.appointment_id, desk.original_start, desk.starts, moment, desk.closes, desk.max_occupants,
            desk.lobby, desk.password)
    ON CONFLICT (tenant_id, room) WHERE closed_at IS NULL DO NOTHING
    RETURNING id INTO opened;
    RETURN CASE WHEN opened IS NULL THEN 'open_already' ELSE 'granted' END;
END
$$;
