-- For If-Match: each change of a network or a NIC makes it another version.
ALTER TABLE network ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE nic ADD COLUMN version bigint NOT NULL DEFAULT 1;
