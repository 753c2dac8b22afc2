-- What a member has edited and not yet applied: the rule set as it should become, and the version it started from. Kept
-- here so that edits survive a reload, work without scripts and show in every tab; nobody else sees them.
CREATE TABLE rule_draft (
    tenant_id       uuid NOT NULL,
    account_id      uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    group_id        uuid NOT NULL,
    base_version    bigint NOT NULL,
    egress_default  text NOT NULL CHECK (egress_default IN ('ALLOW', 'DROP')),
    rules           jsonb NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (account_id, group_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES security_group (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX rule_draft_group_idx ON rule_draft (group_id);

ALTER TABLE rule_draft ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_drafts ON rule_draft TO freehold_portal
    USING (tenant_id = app_tenant() AND account_id = app_user())
    WITH CHECK (tenant_id = app_tenant() AND account_id = app_user());
CREATE POLICY system_all ON rule_draft TO freehold_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON rule_draft TO freehold_portal, freehold_system;

-- The job that ends unconfirmed changes asks every second.
CREATE INDEX security_group_confirm_idx ON security_group (confirm_until) WHERE confirm_until IS NOT NULL;
