-- A rule's new connections by the hour, for the curve beside its counter. Kept for two days.
CREATE TABLE rule_hits_hour (
    rule_id      uuid NOT NULL,
    tenant_id    uuid NOT NULL REFERENCES tenant,
    hour         timestamptz NOT NULL,
    connections  bigint NOT NULL,
    PRIMARY KEY (rule_id, hour)
);
CREATE INDEX rule_hits_hour_hour_idx ON rule_hits_hour (hour);

ALTER TABLE rule_hits_hour ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON rule_hits_hour TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON rule_hits_hour TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT ON rule_hits_hour TO freehold_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON rule_hits_hour TO freehold_system;

-- Where the cumulative counters are written, so that a report that comes twice or late counts once here, too. A host's
-- clock that is ahead makes no hour of the future.
CREATE FUNCTION add_rule_hits_to_hour() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    more bigint := NEW.connections - CASE TG_OP WHEN 'UPDATE' THEN OLD.connections ELSE 0 END;
BEGIN
    IF more > 0 THEN
        INSERT INTO rule_hits_hour AS h (rule_id, tenant_id, hour, connections)
            VALUES (NEW.rule_id, NEW.tenant_id, date_trunc('hour', least(coalesce(NEW.last_hit_at, now()), now())), more)
            ON CONFLICT (rule_id, hour) DO UPDATE SET connections = h.connections + excluded.connections;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER rule_hits_by_hour AFTER INSERT OR UPDATE OF connections ON rule_hits
    FOR EACH ROW EXECUTE FUNCTION add_rule_hits_to_hour();
