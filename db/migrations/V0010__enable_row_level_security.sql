-- Three roles: the owner migrates; freehold_portal serves tenants and sees the tenant of its transaction; freehold_system
-- serves hosts and jobs across tenants. The second wall behind the look-ups' own tenant conditions.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['quota', 'audit_event', 'audit_chain', 'network', 'subnet', 'vm', 'vm_status', 'volume', 'nic', 'address',
                             'nic_status', 'security_group', 'address_group', 'address_group_entry', 'rule', 'ruleset_revision',
                             'nic_security_group', 'rule_hits', 'operation', 'host_object']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_only ON %I TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant())', t);
        EXECUTE format('CREATE POLICY system_all ON %I TO freehold_system USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenants ON tenant FOR SELECT TO freehold_portal
    USING (id = app_tenant() OR EXISTS (SELECT FROM member m WHERE m.tenant_id = tenant.id AND m.account_id = app_user()));
CREATE POLICY own_tenant_update ON tenant FOR UPDATE TO freehold_portal USING (id = app_tenant());
CREATE POLICY system_all ON tenant TO freehold_system USING (true) WITH CHECK (true);

ALTER TABLE member ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON member TO freehold_portal USING (tenant_id = app_tenant()) WITH CHECK (tenant_id = app_tenant());
CREATE POLICY own_memberships ON member FOR SELECT TO freehold_portal USING (account_id = app_user());
CREATE POLICY system_all ON member TO freehold_system USING (true) WITH CHECK (true);

-- A tenant sees the accounts of its members and oneself; others' only by the system role (sign-in, invitation).
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible_accounts ON account FOR SELECT TO freehold_portal
    USING (id = app_user() OR EXISTS (SELECT FROM member m WHERE m.account_id = account.id AND m.tenant_id = app_tenant()));
CREATE POLICY own_account_update ON account FOR UPDATE TO freehold_portal USING (id = app_user());
CREATE POLICY system_all ON account TO freehold_system USING (true) WITH CHECK (true);

ALTER TABLE image ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible_images ON image FOR SELECT TO freehold_portal USING (tenant_id IS NULL OR tenant_id = app_tenant());
CREATE POLICY system_all ON image TO freehold_system USING (true) WITH CHECK (true);
ALTER TABLE image_file ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible_image_files ON image_file FOR SELECT TO freehold_portal
    USING (EXISTS (SELECT FROM image i WHERE i.id = image_id));
CREATE POLICY system_all ON image_file TO freehold_system USING (true) WITH CHECK (true);

GRANT USAGE ON SCHEMA public TO freehold_portal, freehold_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON network, subnet, vm, volume, nic, address, security_group, address_group, address_group_entry,
    rule, nic_security_group, member TO freehold_portal;
GRANT SELECT, INSERT, UPDATE ON ruleset_revision, operation, audit_chain TO freehold_portal;
GRANT SELECT, INSERT ON audit_event TO freehold_portal;
GRANT SELECT ON quota, vm_status, nic_status, rule_hits, image, image_file, flavor, host_object, enforcement, nic_enforcement, tenant, account
    TO freehold_portal;
GRANT UPDATE (name, time_zone) ON tenant TO freehold_portal;
GRANT UPDATE (display_name, password_hash) ON account TO freehold_portal;
GRANT SELECT (id, name, epoch, desired_revision, applied_revision, applied_at, last_seen_at, capacity_vcpus, capacity_memory_mib)
    ON host TO freehold_portal;

GRANT SELECT, INSERT, UPDATE, DELETE ON tenant, account, member, quota, audit_chain, host, host_enrolment_token, host_certificate, host_object,
    enforcement, network, subnet, image, image_file, flavor, vm, vm_status, volume, nic, address, nic_status, security_group,
    address_group, address_group_entry, rule, ruleset_revision, nic_security_group, rule_hits, operation TO freehold_system;
GRANT SELECT, INSERT ON audit_event, provider_audit_event TO freehold_system;
GRANT SELECT ON nic_enforcement TO freehold_system;

REVOKE EXECUTE ON FUNCTION touch_host_objects(text, uuid[]), refresh_host_objects(uuid), wanted_host_objects(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION touch_host_objects(text, uuid[]), refresh_host_objects(uuid) TO freehold_portal, freehold_system;
