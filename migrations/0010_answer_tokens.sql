-- why: the answer to a conference server may carry a room token, for what else runs there and has to enter the room.
--
-- An older version writes none of these, and asks for no token.

ALTER TABLE tenants ADD COLUMN answer_token boolean NOT NULL DEFAULT false;

-- NULL follows the tenant's setting of the day.
ALTER TABLE appointments ADD COLUMN answer_token boolean;
ALTER TABLE occurrences ADD COLUMN answer_token boolean;

-- As it was at the grant. The token is made anew for each answer, and not kept.
ALTER TABLE conferences ADD COLUMN answer_token boolean NOT NULL DEFAULT false;
