-- What somebody who waits asks a host, and the host's answer: rows that live for seconds. Unlogged, because after a crash
-- nobody waits any more; without foreign keys, because those would lock rows of hosts that reports and changes write.
CREATE UNLOGGED TABLE host_question (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL,
    host_id        uuid NOT NULL,
    within_millis  integer NOT NULL CHECK (within_millis BETWEEN 1 AND 60000),
    question       text NOT NULL CHECK (octet_length(question) <= 8388608),
    asked_at       timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    taken_at       timestamptz,
    answer         text CHECK (octet_length(answer) <= 1048576),
    answered_at    timestamptz,
    CHECK ((answer IS NULL) = (answered_at IS NULL))
);
CREATE INDEX host_question_open_idx ON host_question (host_id) WHERE taken_at IS NULL;
CREATE INDEX host_question_tenant_idx ON host_question (tenant_id, asked_at);
CREATE INDEX host_question_age_idx ON host_question (asked_at);

ALTER TABLE host_question ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON host_question TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY system_all ON host_question TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON host_question TO freehold_portal;
GRANT SELECT, UPDATE, DELETE ON host_question TO freehold_system;
