-- why: a meeting that is to be recorded can say so, and its hosts need no role settings of their own.
--
-- An older version writes none of these, and its tokens are as the roles have them.

ALTER TABLE appointments ADD COLUMN recording boolean NOT NULL DEFAULT false;
