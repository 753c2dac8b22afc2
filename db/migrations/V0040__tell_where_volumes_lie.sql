ALTER TABLE vm_status ADD COLUMN volumes jsonb;

-- Of a host's facts tenants may see what its pools are, to choose one for a volume; the pages show them the names.
ALTER TABLE host ADD COLUMN pools jsonb GENERATED ALWAYS AS (facts -> 'pools') STORED;
GRANT SELECT (pools) ON host TO freehold_portal;
