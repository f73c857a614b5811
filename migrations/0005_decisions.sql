-- why: whoever asks "why was this room refused at 08:50?" gets the sentence that people saw, by the room.
--
-- What was written down before has neither, and is found by its time; it goes with its retention.

-- `room` is the key of the room, NULL where the name has none. `message` is in the tenant's language.
ALTER TABLE refusals ADD COLUMN room text COLLATE "C", ADD COLUMN message text;

CREATE INDEX refusals_by_tenant ON refusals (tenant_id, refused_at, id);
CREATE INDEX refusals_by_room ON refusals (tenant_id, room, refused_at, id);

-- The open row of a room has its own index, and must not be read out of this one: see the first schema.
CREATE INDEX conferences_by_room ON conferences (tenant_id, room, opened_at, id) WHERE closed_at IS NOT NULL;
