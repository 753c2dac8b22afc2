-- The trail grows through one function that locks the head of the tenant's chain. Both roles lose every other way to write it,
-- so that no query of the portal, not even an injected one, can change, forge or reorder what was recorded.

-- The text whose hash is chained: a JSON array, so that no value can pretend to be two.
CREATE FUNCTION audit_event_hash(e audit_event) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT sha256(e.previous_hash || convert_to(jsonb_build_array(
            e.tenant_id, e.sequence, e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_kind, e.actor_id, e.actor_name,
            e.action, e.target_kind, e.target_id, e.target_name, e.before, e.after, e.request_id, host(e.source_ip))::text, 'UTF8'))
    $$;

CREATE FUNCTION audit_append(
    p_tenant uuid, p_id uuid, p_at timestamptz, p_actor_kind text, p_actor_id uuid, p_actor_name text, p_action text,
    p_target_kind text, p_target_id uuid, p_target_name text, p_before jsonb, p_after jsonb, p_request_id uuid, p_source_ip inet)
    RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    head audit_chain;
    e    audit_event;
BEGIN
    IF session_user <> 'freehold_system' AND p_tenant IS DISTINCT FROM app_tenant() THEN
        RAISE EXCEPTION 'an audit event of tenant % cannot be written for tenant %', p_tenant, app_tenant()
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO audit_chain (tenant_id, sequence, hash) VALUES (p_tenant, 0, sha256(convert_to(p_tenant::text, 'UTF8')))
        ON CONFLICT (tenant_id) DO NOTHING;
    SELECT * INTO STRICT head FROM audit_chain WHERE tenant_id = p_tenant FOR UPDATE;

    e.tenant_id := p_tenant;
    e.sequence := head.sequence + 1;
    e.id := p_id;
    e.at := p_at;
    e.actor_kind := p_actor_kind;
    e.actor_id := p_actor_id;
    e.actor_name := p_actor_name;
    e.action := p_action;
    e.target_kind := p_target_kind;
    e.target_id := p_target_id;
    e.target_name := p_target_name;
    e.before := p_before;
    e.after := p_after;
    e.request_id := p_request_id;
    e.source_ip := p_source_ip;
    e.previous_hash := head.hash;
    e.hash := audit_event_hash(e);
    INSERT INTO audit_event SELECT e.*;
    UPDATE audit_chain SET sequence = e.sequence, hash = e.hash WHERE tenant_id = p_tenant;
    RETURN e.sequence;
END $$;

REVOKE INSERT ON audit_event FROM freehold_portal, freehold_system;
REVOKE INSERT, UPDATE ON audit_chain FROM freehold_portal;
REVOKE INSERT, UPDATE, DELETE ON audit_chain FROM freehold_system;
REVOKE EXECUTE ON FUNCTION audit_append(uuid, uuid, timestamptz, text, uuid, text, text, text, uuid, text, jsonb, jsonb, uuid, inet)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append(uuid, uuid, timestamptz, text, uuid, text, text, text, uuid, text, jsonb, jsonb, uuid, inet)
    TO freehold_portal, freehold_system;
