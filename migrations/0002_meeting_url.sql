-- why: a tenant's rooms have an address, which invitations, tokens and Prosody's settings are made from.

ALTER TABLE tenants ADD COLUMN meeting_url text;
