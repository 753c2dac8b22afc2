-- What db/migrations give; written by GoldenSchemaTests, never by hand.

-- Tables
table account
    id uuid not null
    email text not null
    display_name text not null
    password_hash text
    disabled boolean not null default false
    created_at timestamp with time zone not null
table address
    tenant_id uuid not null
    subnet_id uuid not null
    network_id uuid not null
    nic_id uuid not null
    ip inet not null
table address_group
    id uuid not null
    tenant_id uuid not null
    name text not null
    description text not null default ''::text
    version bigint not null default 1
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
table address_group_entry
    tenant_id uuid not null
    group_id uuid not null
    prefix cidr not null
    description text not null default ''::text
table audit_chain
    tenant_id uuid not null
    sequence bigint not null
    hash bytea not null
table audit_event
    tenant_id uuid not null
    sequence bigint not null
    id uuid not null
    at timestamp with time zone not null
    actor_kind text not null
    actor_id uuid
    actor_name text not null
    action text not null
    target_kind text not null
    target_id uuid
    target_name text not null
    before jsonb
    after jsonb
    request_id uuid
    source_ip inet
    previous_hash bytea not null
    hash bytea not null
table backup_key
    tenant_id uuid not null
    wrapped bytea not null
    wrapped_by text not null
    created_at timestamp with time zone not null
table backup_policy
    id uuid not null
    tenant_id uuid not null
    name text not null
    enabled boolean not null default true
    store_id uuid not null
    all_vms boolean not null default false
    schedule text not null
    wanted text not null
    acceptable text not null
    freeze_limit_millis integer not null default 10000
    keep_last integer not null default 0
    keep_hourly integer not null default 0
    keep_daily integer not null default 0
    keep_weekly integer not null default 0
    keep_monthly integer not null default 0
    keep_yearly integer not null default 0
    objective_seconds bigint
    verify_schedule text
    drill_schedule text
    drill_port integer
    drill_path text
    recovery_objective_seconds bigint
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
    version bigint not null default 0
    last_tick timestamp with time zone not null default now()
    last_verify_tick timestamp with time zone not null default now()
    last_drill_tick timestamp with time zone not null default now()
    last_run_at timestamp with time zone
table backup_policy_label
    tenant_id uuid not null
    policy_id uuid not null
    label text not null
table backup_store
    id uuid not null
    name text not null
    kind text not null
    host_id uuid
    path text
    endpoint text
    bucket text
    prefix text
    region text
    access_key bytea
    secret_key bytea
    wrapped_by text
    keep_free_bytes bigint not null default 0
    bytes_per_second bigint not null default 0
    retired_at timestamp with time zone
    created_at timestamp with time zone not null
table backup_usage
    tenant_id uuid not null
    store_id uuid not null
    kept_bytes bigint not null
    wasted_bytes bigint not null
    freed_bytes bigint not null
    collected_at timestamp with time zone not null
table enforcement
    host_id uuid not null
    revision bigint not null
    committed_at timestamp with time zone not null
    applied_at timestamp with time zone
table external_link
    external_network_id uuid not null
    uplink_id uuid not null
    vlan integer not null
table external_network
    id uuid not null
    name text not null
    vni integer not null
    mtu integer not null
    prefix cidr not null
    gateway inet not null
    first_address inet not null
    last_address inet not null
    created_at timestamp with time zone not null
table fetched_file
    operation_id uuid not null
    tenant_id uuid not null
    point_id uuid not null
    volume_id uuid not null
    path text not null
    folder boolean not null
    expected_bytes bigint
    bytes bigint not null default 0
    pieces integer not null default 0
    whole boolean not null default false
    expires_at timestamp with time zone not null
    downloaded_at timestamp with time zone
table fetched_piece
    operation_id uuid not null
    tenant_id uuid not null
    number integer not null
    sealed bytea not null
    sealed_by text not null
table flavor
    id uuid not null
    name text not null
    vcpus integer not null
    memory_mib bigint not null
    disk_gib integer not null
    retired_at timestamp with time zone
table flow_record
    host_id uuid not null
    epoch bigint not null
    sequence bigint not null
    tenant_id uuid not null
    nic_id uuid not null
    ingress boolean not null
    ending text not null
    revoked boolean not null
    protocol smallint not null
    remote inet not null
    remote_port integer not null
    local inet not null
    local_port integer not null
    public_address inet
    public_port integer
    state text not null
    rule_id uuid
    received_packets bigint not null
    received_bytes bigint not null
    sent_packets bigint not null
    sent_bytes bigint not null
    first_at timestamp with time zone not null
    last_at timestamp with time zone not null
table flow_stream
    host_id uuid not null
    epoch bigint not null
    sequence bigint not null
    lost bigint not null
table host
    id uuid not null
    name text not null
    enrolled_at timestamp with time zone
    epoch uuid not null
    desired_revision bigint not null default 0
    applied_revision bigint not null default 0
    applied_at timestamp with time zone
    last_seen_at timestamp with time zone
    agent_boot uuid
    report_sequence bigint not null default 0
    facts jsonb
    capacity_vcpus integer not null default 0
    capacity_memory_mib bigint not null default 0
    pools jsonb default (facts -> 'pools'::text)
table host_certificate
    serial numeric not null
    host_id uuid not null
    sha256 bytea not null
    not_before timestamp with time zone not null
    not_after timestamp with time zone not null
    revoked_at timestamp with time zone
table host_enrolment_token
    token_hash bytea not null
    host_name text not null
    created_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    used_at timestamp with time zone
table host_object
    host_id uuid not null
    kind text not null
    object_id uuid not null
    tenant_id uuid
    revision bigint not null
    removed boolean not null default false
table host_question
    id uuid not null
    tenant_id uuid not null
    host_id uuid not null
    within_millis integer not null
    question text not null
    asked_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    taken_at timestamp with time zone
    answer text
    answered_at timestamp with time zone
table image
    id uuid not null
    tenant_id uuid
    name text not null
    description text not null default ''::text
    command_line text not null default ''::text
    min_disk_bytes bigint not null default 0
    retired_at timestamp with time zone
    created_at timestamp with time zone not null
table image_file
    image_id uuid not null
    role text not null
    sha256 text not null
    size_bytes bigint not null
table member
    tenant_id uuid not null
    account_id uuid not null
    role text not null
    created_at timestamp with time zone not null
table nat_block
    tenant_id uuid not null
    public_address_id uuid not null
    first_port integer not null
    nic_id uuid not null
table network
    id uuid not null
    tenant_id uuid not null
    name text not null
    vni integer not null
    mtu integer not null default 65000
    gateway_mac macaddr not null
    created_at timestamp with time zone not null
    version bigint not null default 1
table nic
    id uuid not null
    tenant_id uuid not null
    vm_id uuid not null
    network_id uuid not null
    device_index integer not null
    mac macaddr not null
    port_security boolean not null default true
    allowed_address_pairs cidr[] not null default '{}'::cidr[]
    incarnation bigint not null default 1
    queue_pairs integer not null default 1
    connection_quota integer not null default 65536
    established_timeout_seconds integer not null default 86400
    created_at timestamp with time zone not null
    version bigint not null default 1
table nic_drop
    tenant_id uuid not null
    nic_id uuid not null
    ingress boolean not null
    reason text not null
    rule_id uuid
    protocol smallint
    remote inet
    local inet
    port integer
    packets bigint not null
    first_at timestamp with time zone not null
    last_at timestamp with time zone not null
table nic_flow_loss
    tenant_id uuid not null
    nic_id uuid not null
    hour timestamp with time zone not null
    lost bigint not null
table nic_security_group
    tenant_id uuid not null
    nic_id uuid not null
    group_id uuid not null
    position integer not null default 0
table nic_status
    nic_id uuid not null
    tenant_id uuid not null
    host_id uuid not null
    applied_revision bigint not null
    link text not null
    rx_packets bigint not null default 0
    rx_bytes bigint not null default 0
    tx_packets bigint not null default 0
    tx_bytes bigint not null default 0
    drops bigint not null default 0
    connections bigint not null default 0
    problem jsonb
    reported_at timestamp with time zone not null
    drop_reasons jsonb not null default '{}'::jsonb
    flows_lost bigint not null default 0
table nic_traffic_day
    tenant_id uuid not null
    nic_id uuid not null
    day date not null
    kind text not null
    received_packets bigint not null
    received_bytes bigint not null
    sent_packets bigint not null
    sent_bytes bigint not null
table nic_traffic_mark
    tenant_id uuid not null
    nic_id uuid not null
    kind text not null
    epoch bigint not null
    received_packets bigint not null
    received_bytes bigint not null
    sent_packets bigint not null
    sent_bytes bigint not null
table notification
    id uuid not null
    tenant_id uuid not null
    kind text not null
    title text not null
    message text not null
    path text
    said_once text
    created_at timestamp with time zone not null
table notification_channel
    id uuid not null
    tenant_id uuid not null
    kind text not null
    name text not null
    enabled boolean not null default true
    kinds text[] not null default '{}'::text[]
    account_id uuid
    url text
    secret bytea
    wrapped_by text
    created_at timestamp with time zone not null
    version bigint not null default 0
table notification_delivery
    id uuid not null
    tenant_id uuid not null
    channel_id uuid not null
    notification_id uuid not null
    state text not null
    attempts integer not null default 0
    next_attempt_at timestamp with time zone not null
    leased_until timestamp with time zone
    status_code integer
    error text
    answer text
    took_millis bigint
    created_at timestamp with time zone not null
    finished_at timestamp with time zone
table notification_seen
    tenant_id uuid not null
    account_id uuid not null
    seen_until uuid not null
table operation
    id uuid not null
    tenant_id uuid not null
    kind text not null
    target_kind text not null
    target_id uuid not null
    target_name text not null
    host_id uuid
    state text not null
    percent integer not null default 0
    step text not null default ''::text
    arguments jsonb not null default '{}'::jsonb
    error_code text
    error_message text
    requested_by uuid
    requested_by_name text not null
    idempotency_key text
    deadline timestamp with time zone not null
    heartbeat_at timestamp with time zone
    created_at timestamp with time zone not null
    started_at timestamp with time zone
    finished_at timestamp with time zone
    waits_for uuid
    even_if_failed boolean not null default false
    chain_id uuid
    bytes_done bigint
    bytes_total bigint
    bytes_per_second bigint
table point_folder
    operation_id uuid not null
    tenant_id uuid not null
    point_id uuid not null
    volume_id uuid not null
    path text not null
    entries jsonb not null
    truncated boolean not null
    read_at timestamp with time zone not null
table provider_audit_event
    id uuid not null
    at timestamp with time zone not null
    action text not null
    target_kind text not null
    target_name text not null
    detail jsonb not null
    source_ip inet
table public_address
    id uuid not null
    tenant_id uuid not null
    external_network_id uuid not null
    ip inet not null
    router_id uuid
    nic_id uuid
    version bigint not null default 1
    created_at timestamp with time zone not null
table quota
    tenant_id uuid not null
    resource text not null
    limit_value bigint not null
table recovery_point
    id uuid not null
    tenant_id uuid not null
    vm_id uuid not null
    vm_name text not null
    store_id uuid not null
    policy_id uuid
    operation_id uuid not null
    origin text not null
    note text not null default ''::text
    taken_at timestamp with time zone not null
    stored_at timestamp with time zone not null
    wanted text not null
    achieved text not null
    pause_millis bigint not null
    certificate jsonb not null
    machine jsonb not null
    logical_bytes bigint not null
    read_bytes bigint not null
    added_bytes bigint not null
    shared_bytes bigint not null
    zero_bytes bigint not null
    protected boolean not null default false
    verified_at timestamp with time zone
    damages jsonb
    removed_at timestamp with time zone
    removed_by text
    purged_at timestamp with time zone
    version bigint not null default 0
table recovery_point_pin
    tenant_id uuid not null
    point_id uuid not null
    operation_id uuid not null
table recovery_point_volume
    tenant_id uuid not null
    point_id uuid not null
    volume_id uuid not null
    device_index integer not null
    name text not null
    size_bytes bigint not null
    root text not null
    checkpoint text
    read_bytes bigint not null
    added_bytes bigint not null
    shared_bytes bigint not null
    zero_bytes bigint not null
table request_key
    tenant_id uuid not null
    key text not null
    request bytea not null
    object_id uuid not null
    created_at timestamp with time zone not null
table restore_drill
    id uuid not null
    tenant_id uuid not null
    operation_id uuid not null
    point_id uuid not null
    policy_id uuid
    vm_id uuid not null
    vm_name text not null
    taken_at timestamp with time zone not null
    finished_at timestamp with time zone not null
    passed boolean not null
    restore_millis bigint
    boot_millis bigint
    objective_millis bigint
    finding text not null
    screenshot bytea
table router
    id uuid not null
    tenant_id uuid not null
    name text not null
    version bigint not null default 1
    created_at timestamp with time zone not null
    external_network_id uuid
    source_nat boolean not null default false
table router_network
    tenant_id uuid not null
    router_id uuid not null
    network_id uuid not null
table router_route
    tenant_id uuid not null
    router_id uuid not null
    prefix cidr not null
    next_hop inet not null
table rule
    id uuid not null
    tenant_id uuid not null
    group_id uuid not null
    position integer not null
    direction text not null
    ethertype text not null
    protocol smallint
    port_min integer
    port_max integer
    icmp_type smallint
    icmp_code smallint
    remote_prefix cidr
    remote_group_id uuid
    remote_address_group_id uuid
    action text not null
    description text not null default ''::text
    enabled boolean not null default true
    log boolean not null default false
    expires_at timestamp with time zone
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
table rule_draft
    tenant_id uuid not null
    account_id uuid not null
    group_id uuid not null
    base_version bigint not null
    egress_default text not null
    rules jsonb not null
    updated_at timestamp with time zone not null
table rule_hits
    rule_id uuid not null
    tenant_id uuid not null
    host_id uuid not null
    counter_epoch numeric(20,0) not null
    connections bigint not null
    packets bigint not null
    bytes bigint not null
    last_hit_at timestamp with time zone
table rule_hits_hour
    rule_id uuid not null
    tenant_id uuid not null
    hour timestamp with time zone not null
    connections bigint not null
table ruleset_revision
    tenant_id uuid not null
    group_id uuid not null
    version bigint not null
    egress_default text not null
    rules jsonb not null
    summary text not null
    author_id uuid
    author_name text not null
    created_at timestamp with time zone not null
    confirmed_at timestamp with time zone
    reverted_at timestamp with time zone
table scheduled_tasks
    task_name text not null
    task_instance text not null
    task_data bytea
    execution_time timestamp with time zone not null
    picked boolean not null
    picked_by text
    last_success timestamp with time zone
    last_failure timestamp with time zone
    consecutive_failures integer
    last_heartbeat timestamp with time zone
    version bigint not null
    priority smallint
table security_group
    id uuid not null
    tenant_id uuid not null
    name text not null
    description text not null default ''::text
    egress_default text not null default 'ALLOW'::text
    version bigint not null default 1
    confirm_until timestamp with time zone
    fallback_version bigint
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
table sign_in_link
    id uuid not null
    account_id uuid not null
    secret_hash bytea not null
    created_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    used_at timestamp with time zone
table snapshot
    id uuid not null
    tenant_id uuid not null
    vm_id uuid not null
    name text not null
    description text not null default ''::text
    parent_id uuid
    operation_id uuid not null
    achieved text not null
    certificate jsonb not null
    memory_bytes bigint not null default 0
    hint text
    taken_at timestamp with time zone not null
table snapshot_head
    vm_id uuid not null
    tenant_id uuid not null
    snapshot_id uuid
table spring_session
    primary_id character(36) not null
    session_id character(36) not null
    creation_time bigint not null
    last_access_time bigint not null
    max_inactive_interval integer not null
    expiry_time bigint not null
    principal_name character varying(100)
table spring_session_attributes
    session_primary_id character(36) not null
    attribute_name character varying(200) not null
    attribute_bytes bytea not null
table subnet
    id uuid not null
    tenant_id uuid not null
    network_id uuid not null
    prefix cidr not null
    gateway inet not null
    dns_servers inet[] not null default '{}'::inet[]
    dhcp boolean not null default true
table tenant
    id uuid not null
    slug text not null
    name text not null
    time_zone text not null default 'UTC'::text
    created_at timestamp with time zone not null
table throttle_bucket
    key text not null
    level double precision not null
    at timestamp with time zone not null
table uplink
    id uuid not null
    host_name text not null
    device text not null
    tunnel_address inet
    tunnel_gateway inet
    tunnel_vlan integer not null default 0
table vm
    id uuid not null
    tenant_id uuid not null
    name text not null
    description text not null default ''::text
    host_id uuid
    image_id uuid not null
    flavor_id uuid not null
    vcpus integer not null
    max_vcpus integer not null
    memory_mib bigint not null
    max_memory_mib bigint not null
    power text not null
    deletion_protection boolean not null default false
    deleting_since timestamp with time zone
    created_at timestamp with time zone not null
    version bigint not null default 0
    bound_host_id uuid
table vm_label
    tenant_id uuid not null
    vm_id uuid not null
    label text not null
table vm_status
    vm_id uuid not null
    tenant_id uuid not null
    state text not null
    instance text
    started_at timestamp with time zone
    guest jsonb
    problem jsonb
    reported_at timestamp with time zone not null
    volumes jsonb
table volume
    id uuid not null
    tenant_id uuid not null
    vm_id uuid
    name text not null
    device_index integer
    size_bytes bigint not null
    from_image boolean not null default false
    created_at timestamp with time zone not null
    restored boolean not null default false
    restored_by uuid

-- Views
view nic_enforcement
 SELECT n.id AS nic_id,
    n.tenant_id,
    n.vm_id,
    v.host_id,
    d.desired_revision,
        CASE
            WHEN s.problem IS NULL THEN h.applied_revision
            ELSE s.applied_revision
        END AS applied_revision,
    s.link,
    s.problem,
    h.last_seen_at AS host_last_seen_at,
    e.committed_at,
    e.applied_at
   FROM nic n
     JOIN vm v ON v.id = n.vm_id
     LEFT JOIN host h ON h.id = v.host_id
     LEFT JOIN nic_status s ON s.nic_id = n.id
     LEFT JOIN LATERAL ( SELECT max(( SELECT o.revision
                   FROM host_object o
                  WHERE o.host_id = v.host_id AND o.kind = judged.kind AND o.object_id = judged.object_id AND NOT o.removed)) AS desired_revision
           FROM ( SELECT 'NIC'::text AS kind,
                    n.id AS object_id
                UNION ALL
                 SELECT 'NETWORK'::text,
                    n.network_id
                UNION ALL
                 SELECT 'ROUTER'::text,
                    x.router_id
                   FROM router_network x
                  WHERE x.network_id = n.network_id
                UNION ALL
                 SELECT 'SECURITY_GROUP'::text,
                    x.group_id
                   FROM nic_security_group x
                  WHERE x.nic_id = n.id
                UNION ALL
                 SELECT r.kind,
                    r.object_id
                   FROM nic_security_group x
                     JOIN security_group_reference r ON r.group_id = x.group_id
                  WHERE x.nic_id = n.id) judged) d ON true
     LEFT JOIN enforcement e ON e.host_id = v.host_id AND e.revision = d.desired_revision;
view security_group_reference
 SELECT DISTINCT rule.group_id,
    'GROUP_MEMBERS'::text AS kind,
    rule.remote_group_id AS object_id
   FROM rule
  WHERE rule.remote_group_id IS NOT NULL
UNION ALL
 SELECT DISTINCT rule.group_id,
    'ADDRESS_GROUP'::text AS kind,
    rule.remote_address_group_id AS object_id
   FROM rule
  WHERE rule.remote_address_group_id IS NOT NULL;

-- Constraints
account.account_display_name_check: CHECK (((length(display_name) >= 1) AND (length(display_name) <= 100)))
account.account_email_check: CHECK (((email = lower(email)) AND ((length(email) >= 3) AND (length(email) <= 254))))
account.account_pkey: PRIMARY KEY (id)
address.address_ip_check: CHECK ((masklen(ip) =
CASE family(ip)
    WHEN 4 THEN 32
    ELSE 128
END))
address.address_pkey: PRIMARY KEY (network_id, ip)
address.address_tenant_id_network_id_fkey: FOREIGN KEY (tenant_id, network_id) REFERENCES network(tenant_id, id)
address.address_tenant_id_nic_id_fkey: FOREIGN KEY (tenant_id, nic_id) REFERENCES nic(tenant_id, id) ON DELETE CASCADE
address.address_tenant_id_subnet_id_fkey: FOREIGN KEY (tenant_id, subnet_id) REFERENCES subnet(tenant_id, id)
address_group.address_group_description_check: CHECK ((length(description) <= 500))
address_group.address_group_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
address_group.address_group_pkey: PRIMARY KEY (id)
address_group.address_group_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
address_group.address_group_tenant_id_id_key: UNIQUE (tenant_id, id)
address_group.address_group_tenant_id_name_key: UNIQUE (tenant_id, name)
address_group_entry.address_group_entry_description_check: CHECK ((length(description) <= 200))
address_group_entry.address_group_entry_pkey: PRIMARY KEY (group_id, prefix)
address_group_entry.address_group_entry_tenant_id_group_id_fkey: FOREIGN KEY (tenant_id, group_id) REFERENCES address_group(tenant_id, id) ON DELETE CASCADE
audit_chain.audit_chain_pkey: PRIMARY KEY (tenant_id)
audit_chain.audit_chain_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
audit_event.audit_event_actor_kind_check: CHECK ((actor_kind = ANY (ARRAY['MEMBER'::text, 'HOST'::text, 'SYSTEM'::text, 'PROVIDER'::text])))
audit_event.audit_event_id_key: UNIQUE (id)
audit_event.audit_event_pkey: PRIMARY KEY (tenant_id, sequence)
audit_event.audit_event_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
backup_key.backup_key_pkey: PRIMARY KEY (tenant_id)
backup_key.backup_key_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
backup_policy.backup_policy_acceptable_check: CHECK ((acceptable = ANY (ARRAY['CRASH'::text, 'BARRIER'::text, 'FILESYSTEM'::text])))
backup_policy.backup_policy_drill_path_check: CHECK (((drill_path ~~ '/%'::text) AND (length(drill_path) <= 200)))
backup_policy.backup_policy_drill_port_check: CHECK (((drill_port >= 1) AND (drill_port <= 65535)))
backup_policy.backup_policy_drill_schedule_check: CHECK ((length(drill_schedule) <= 100))
backup_policy.backup_policy_freeze_limit_millis_check: CHECK (((freeze_limit_millis >= 100) AND (freeze_limit_millis <= 60000)))
backup_policy.backup_policy_keep_daily_check: CHECK (((keep_daily >= 0) AND (keep_daily <= 1000)))
backup_policy.backup_policy_keep_hourly_check: CHECK (((keep_hourly >= 0) AND (keep_hourly <= 1000)))
backup_policy.backup_policy_keep_last_check: CHECK (((keep_last >= 0) AND (keep_last <= 1000)))
backup_policy.backup_policy_keep_monthly_check: CHECK (((keep_monthly >= 0) AND (keep_monthly <= 1000)))
backup_policy.backup_policy_keep_weekly_check: CHECK (((keep_weekly >= 0) AND (keep_weekly <= 1000)))
backup_policy.backup_policy_keep_yearly_check: CHECK (((keep_yearly >= 0) AND (keep_yearly <= 1000)))
backup_policy.backup_policy_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
backup_policy.backup_policy_objective_seconds_check: CHECK ((objective_seconds > 0))
backup_policy.backup_policy_pkey: PRIMARY KEY (id)
backup_policy.backup_policy_recovery_objective_seconds_check: CHECK ((recovery_objective_seconds > 0))
backup_policy.backup_policy_schedule_check: CHECK ((length(schedule) <= 100))
backup_policy.backup_policy_store_id_fkey: FOREIGN KEY (store_id) REFERENCES backup_store(id)
backup_policy.backup_policy_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
backup_policy.backup_policy_tenant_id_id_key: UNIQUE (tenant_id, id)
backup_policy.backup_policy_tenant_id_name_key: UNIQUE (tenant_id, name)
backup_policy.backup_policy_verify_schedule_check: CHECK ((length(verify_schedule) <= 100))
backup_policy.backup_policy_wanted_check: CHECK ((wanted = ANY (ARRAY['CRASH'::text, 'BARRIER'::text, 'FILESYSTEM'::text])))
backup_policy_label.backup_policy_label_pkey: PRIMARY KEY (policy_id, label)
backup_policy_label.backup_policy_label_tenant_id_policy_id_fkey: FOREIGN KEY (tenant_id, policy_id) REFERENCES backup_policy(tenant_id, id) ON DELETE CASCADE
backup_store.backup_store_bytes_per_second_check: CHECK ((bytes_per_second >= 0))
backup_store.backup_store_check: CHECK (((kind = 'DIRECTORY'::text) = (path IS NOT NULL)))
backup_store.backup_store_check1: CHECK (((kind = 'S3'::text) = (num_nonnulls(endpoint, bucket, access_key, secret_key, wrapped_by) = 5)))
backup_store.backup_store_endpoint_check: CHECK ((endpoint ~~ 'http%://%'::text))
backup_store.backup_store_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
backup_store.backup_store_keep_free_bytes_check: CHECK ((keep_free_bytes >= 0))
backup_store.backup_store_kind_check: CHECK ((kind = ANY (ARRAY['DIRECTORY'::text, 'S3'::text])))
backup_store.backup_store_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
backup_store.backup_store_name_key: UNIQUE (name)
backup_store.backup_store_path_check: CHECK ((path ~~ '/%'::text))
backup_store.backup_store_pkey: PRIMARY KEY (id)
backup_usage.backup_usage_freed_bytes_check: CHECK ((freed_bytes >= 0))
backup_usage.backup_usage_kept_bytes_check: CHECK ((kept_bytes >= 0))
backup_usage.backup_usage_pkey: PRIMARY KEY (tenant_id, store_id)
backup_usage.backup_usage_store_id_fkey: FOREIGN KEY (store_id) REFERENCES backup_store(id)
backup_usage.backup_usage_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
backup_usage.backup_usage_wasted_bytes_check: CHECK ((wasted_bytes >= 0))
enforcement.enforcement_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
enforcement.enforcement_pkey: PRIMARY KEY (host_id, revision)
external_link.external_link_external_network_id_fkey: FOREIGN KEY (external_network_id) REFERENCES external_network(id) ON DELETE CASCADE
external_link.external_link_pkey: PRIMARY KEY (external_network_id, uplink_id)
external_link.external_link_uplink_id_fkey: FOREIGN KEY (uplink_id) REFERENCES uplink(id) ON DELETE CASCADE
external_link.external_link_vlan_check: CHECK (((vlan >= 0) AND (vlan <= 4094)))
external_network.external_network_check: CHECK ((gateway << (prefix)::inet))
external_network.external_network_check1: CHECK (((masklen(first_address) = 32) AND (first_address << (prefix)::inet)))
external_network.external_network_check2: CHECK (((masklen(last_address) = 32) AND (last_address << (prefix)::inet) AND (last_address >= first_address)))
external_network.external_network_mtu_check: CHECK (((mtu >= 1280) AND (mtu <= 65535)))
external_network.external_network_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
external_network.external_network_name_key: UNIQUE (name)
external_network.external_network_pkey: PRIMARY KEY (id)
external_network.external_network_prefix_check: CHECK ((family((prefix)::inet) = 4))
external_network.external_network_vni_check: CHECK (((vni >= 1) AND (vni <= 16777215)))
external_network.external_network_vni_key: UNIQUE (vni)
fetched_file.fetched_file_bytes_check: CHECK ((bytes >= 0))
fetched_file.fetched_file_expected_bytes_check: CHECK ((expected_bytes >= 0))
fetched_file.fetched_file_path_check: CHECK (((octet_length(path) >= 1) AND (octet_length(path) <= 4096)))
fetched_file.fetched_file_pieces_check: CHECK ((pieces >= 0))
fetched_file.fetched_file_pkey: PRIMARY KEY (operation_id)
fetched_file.fetched_file_tenant_id_operation_id_key: UNIQUE (tenant_id, operation_id)
fetched_file.fetched_file_tenant_id_point_id_fkey: FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point(tenant_id, id) ON DELETE CASCADE
fetched_piece.fetched_piece_number_check: CHECK ((number >= 0))
fetched_piece.fetched_piece_pkey: PRIMARY KEY (operation_id, number)
fetched_piece.fetched_piece_sealed_check: CHECK ((length(sealed) <= 1114112))
fetched_piece.fetched_piece_tenant_id_operation_id_fkey: FOREIGN KEY (tenant_id, operation_id) REFERENCES fetched_file(tenant_id, operation_id) ON DELETE CASCADE
flavor.flavor_disk_gib_check: CHECK ((disk_gib >= 1))
flavor.flavor_memory_mib_check: CHECK ((memory_mib >= 64))
flavor.flavor_name_key: UNIQUE (name)
flavor.flavor_pkey: PRIMARY KEY (id)
flavor.flavor_vcpus_check: CHECK (((vcpus >= 1) AND (vcpus <= 256)))
flow_record.flow_record_check: CHECK ((last_at >= first_at))
flow_record.flow_record_ending_check: CHECK ((ending = ANY (ARRAY['IDLE'::text, 'ACTIVE'::text, 'ENDED'::text, 'FORCED'::text, 'RESOURCES'::text])))
flow_record.flow_record_local_port_check: CHECK (((local_port >= 0) AND (local_port <= 65535)))
flow_record.flow_record_pkey: PRIMARY KEY (host_id, epoch, sequence)
flow_record.flow_record_protocol_check: CHECK (((protocol >= 0) AND (protocol <= 255)))
flow_record.flow_record_public_port_check: CHECK (((public_port >= 0) AND (public_port <= 65535)))
flow_record.flow_record_received_bytes_check: CHECK ((received_bytes >= 0))
flow_record.flow_record_received_packets_check: CHECK ((received_packets >= 0))
flow_record.flow_record_remote_port_check: CHECK (((remote_port >= 0) AND (remote_port <= 65535)))
flow_record.flow_record_sent_bytes_check: CHECK ((sent_bytes >= 0))
flow_record.flow_record_sent_packets_check: CHECK ((sent_packets >= 0))
flow_record.flow_record_state_check: CHECK ((state ~ '^[a-z0-9-]{1,40}$'::text))
flow_stream.flow_stream_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id) ON DELETE CASCADE
flow_stream.flow_stream_pkey: PRIMARY KEY (host_id)
host.host_name_check: CHECK ((name ~ '^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$'::text))
host.host_name_key: UNIQUE (name)
host.host_pkey: PRIMARY KEY (id)
host_certificate.host_certificate_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
host_certificate.host_certificate_pkey: PRIMARY KEY (serial)
host_certificate.host_certificate_sha256_key: UNIQUE (sha256)
host_enrolment_token.host_enrolment_token_pkey: PRIMARY KEY (token_hash)
host_object.host_object_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
host_object.host_object_kind_check: CHECK ((kind = ANY (ARRAY['VM'::text, 'NIC'::text, 'NETWORK'::text, 'ROUTER'::text, 'UPLINK'::text, 'REMOTE_NIC'::text, 'SECURITY_GROUP'::text, 'ADDRESS_GROUP'::text, 'GROUP_MEMBERS'::text])))
host_object.host_object_pkey: PRIMARY KEY (host_id, kind, object_id)
host_object.host_object_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
host_question.host_question_answer_check: CHECK ((octet_length(answer) <= 1048576))
host_question.host_question_check: CHECK (((answer IS NULL) = (answered_at IS NULL)))
host_question.host_question_pkey: PRIMARY KEY (id)
host_question.host_question_question_check: CHECK ((octet_length(question) <= 8388608))
host_question.host_question_within_millis_check: CHECK (((within_millis >= 1) AND (within_millis <= 60000)))
image.image_pkey: PRIMARY KEY (id)
image.image_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
image_file.image_file_image_id_fkey: FOREIGN KEY (image_id) REFERENCES image(id) ON DELETE CASCADE
image_file.image_file_pkey: PRIMARY KEY (image_id, role)
image_file.image_file_role_check: CHECK ((role = ANY (ARRAY['KERNEL'::text, 'INITRD'::text, 'DISK'::text])))
image_file.image_file_sha256_check: CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
image_file.image_file_size_bytes_check: CHECK ((size_bytes > 0))
member.member_account_id_fkey: FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE
member.member_pkey: PRIMARY KEY (tenant_id, account_id)
member.member_role_check: CHECK ((role = ANY (ARRAY['OWNER'::text, 'ADMIN'::text, 'OPERATOR'::text, 'VIEWER'::text])))
member.member_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id) ON DELETE CASCADE
nat_block.nat_block_first_port_check: CHECK ((((first_port % 1024) = 0) AND ((first_port >= 1024) AND (first_port <= 64512))))
nat_block.nat_block_pkey: PRIMARY KEY (nic_id)
nat_block.nat_block_public_address_id_first_port_key: UNIQUE (public_address_id, first_port)
nat_block.nat_block_tenant_id_nic_id_fkey: FOREIGN KEY (tenant_id, nic_id) REFERENCES nic(tenant_id, id) ON DELETE CASCADE
nat_block.nat_block_tenant_id_public_address_id_fkey: FOREIGN KEY (tenant_id, public_address_id) REFERENCES public_address(tenant_id, id) ON DELETE CASCADE
network.network_mtu_check: CHECK (((mtu >= 1280) AND (mtu <= 65535)))
network.network_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
network.network_pkey: PRIMARY KEY (id)
network.network_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
network.network_tenant_id_id_key: UNIQUE (tenant_id, id)
network.network_tenant_id_name_key: UNIQUE (tenant_id, name)
network.network_vni_check: CHECK (((vni >= 1) AND (vni <= 16777215)))
network.network_vni_key: UNIQUE (vni)
nic.nic_connection_quota_check: CHECK (((connection_quota >= 1024) AND (connection_quota <= 4194304)))
nic.nic_device_index_check: CHECK (((device_index >= 0) AND (device_index <= 15)))
nic.nic_established_timeout_seconds_check: CHECK (((established_timeout_seconds >= 60) AND (established_timeout_seconds <= 432000)))
nic.nic_mac_key: UNIQUE (mac)
nic.nic_pkey: PRIMARY KEY (id)
nic.nic_queue_pairs_check: CHECK (((queue_pairs >= 1) AND (queue_pairs <= 16)))
nic.nic_tenant_id_id_key: UNIQUE (tenant_id, id)
nic.nic_tenant_id_network_id_fkey: FOREIGN KEY (tenant_id, network_id) REFERENCES network(tenant_id, id)
nic.nic_tenant_id_vm_id_fkey: FOREIGN KEY (tenant_id, vm_id) REFERENCES vm(tenant_id, id) ON DELETE CASCADE
nic.nic_vm_id_device_index_key: UNIQUE (vm_id, device_index)
nic_drop.nic_drop_nic_id_ingress_reason_rule_id_protocol_remote_loca_key: UNIQUE NULLS NOT DISTINCT (nic_id, ingress, reason, rule_id, protocol, remote, local, port)
nic_drop.nic_drop_packets_check: CHECK ((packets > 0))
nic_drop.nic_drop_port_check: CHECK (((port >= 0) AND (port <= 65535)))
nic_drop.nic_drop_protocol_check: CHECK (((protocol >= 0) AND (protocol <= 255)))
nic_drop.nic_drop_reason_check: CHECK ((reason ~ '^[a-z0-9-]{1,40}$'::text))
nic_flow_loss.nic_flow_loss_lost_check: CHECK ((lost > 0))
nic_flow_loss.nic_flow_loss_nic_id_fkey: FOREIGN KEY (nic_id) REFERENCES nic(id) ON DELETE CASCADE
nic_flow_loss.nic_flow_loss_pkey: PRIMARY KEY (nic_id, hour)
nic_security_group.nic_security_group_pkey: PRIMARY KEY (nic_id, group_id)
nic_security_group.nic_security_group_tenant_id_group_id_fkey: FOREIGN KEY (tenant_id, group_id) REFERENCES security_group(tenant_id, id)
nic_security_group.nic_security_group_tenant_id_nic_id_fkey: FOREIGN KEY (tenant_id, nic_id) REFERENCES nic(tenant_id, id) ON DELETE CASCADE
nic_status.nic_status_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
nic_status.nic_status_link_check: CHECK ((link = ANY (ARRAY['DOWN'::text, 'CONNECTED'::text, 'UP'::text])))
nic_status.nic_status_nic_id_fkey: FOREIGN KEY (nic_id) REFERENCES nic(id) ON DELETE CASCADE
nic_status.nic_status_pkey: PRIMARY KEY (nic_id)
nic_status.nic_status_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
nic_traffic_day.nic_traffic_day_kind_check: CHECK ((kind = ANY (ARRAY['NETWORK'::text, 'ROUTED'::text, 'EXTERNAL'::text])))
nic_traffic_day.nic_traffic_day_pkey: PRIMARY KEY (nic_id, day, kind)
nic_traffic_mark.nic_traffic_mark_nic_id_fkey: FOREIGN KEY (nic_id) REFERENCES nic(id) ON DELETE CASCADE
nic_traffic_mark.nic_traffic_mark_pkey: PRIMARY KEY (nic_id, kind)
notification.notification_message_check: CHECK ((length(message) <= 1000))
notification.notification_path_check: CHECK (((path ~~ '/%'::text) AND (length(path) <= 200)))
notification.notification_pkey: PRIMARY KEY (id)
notification.notification_said_once_check: CHECK ((length(said_once) <= 200))
notification.notification_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
notification.notification_tenant_id_id_key: UNIQUE (tenant_id, id)
notification.notification_tenant_id_said_once_key: UNIQUE (tenant_id, said_once)
notification.notification_title_check: CHECK (((length(title) >= 1) AND (length(title) <= 200)))
notification_channel.notification_channel_check: CHECK (((kind = 'EMAIL'::text) = (account_id IS NOT NULL)))
notification_channel.notification_channel_check1: CHECK (((kind = 'WEBHOOK'::text) = (num_nonnulls(url, secret, wrapped_by) = 3)))
notification_channel.notification_channel_kind_check: CHECK ((kind = ANY (ARRAY['EMAIL'::text, 'WEBHOOK'::text])))
notification_channel.notification_channel_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
notification_channel.notification_channel_pkey: PRIMARY KEY (id)
notification_channel.notification_channel_tenant_id_account_id_fkey: FOREIGN KEY (tenant_id, account_id) REFERENCES member(tenant_id, account_id) ON DELETE CASCADE
notification_channel.notification_channel_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id) ON DELETE CASCADE
notification_channel.notification_channel_tenant_id_id_key: UNIQUE (tenant_id, id)
notification_channel.notification_channel_tenant_id_name_key: UNIQUE (tenant_id, name)
notification_channel.notification_channel_url_check: CHECK ((length(url) <= 500))
notification_delivery.notification_delivery_answer_check: CHECK ((length(answer) <= 1000))
notification_delivery.notification_delivery_error_check: CHECK ((length(error) <= 500))
notification_delivery.notification_delivery_pkey: PRIMARY KEY (id)
notification_delivery.notification_delivery_state_check: CHECK ((state = ANY (ARRAY['WAITING'::text, 'SENDING'::text, 'DELIVERED'::text, 'FAILED'::text])))
notification_delivery.notification_delivery_tenant_id_channel_id_fkey: FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channel(tenant_id, id) ON DELETE CASCADE
notification_delivery.notification_delivery_tenant_id_notification_id_fkey: FOREIGN KEY (tenant_id, notification_id) REFERENCES notification(tenant_id, id) ON DELETE CASCADE
notification_seen.notification_seen_account_id_fkey: FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE
notification_seen.notification_seen_pkey: PRIMARY KEY (tenant_id, account_id)
notification_seen.notification_seen_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id) ON DELETE CASCADE
operation.operation_bytes_done_check: CHECK ((bytes_done >= 0))
operation.operation_bytes_per_second_check: CHECK ((bytes_per_second >= 0))
operation.operation_bytes_total_check: CHECK ((bytes_total >= 0))
operation.operation_check: CHECK (((state = 'FAILED'::text) = (error_code IS NOT NULL)))
operation.operation_check1: CHECK (((finished_at IS NOT NULL) = (state = ANY (ARRAY['DONE'::text, 'FAILED'::text, 'CANCELLED'::text]))))
operation.operation_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
operation.operation_percent_check: CHECK (((percent >= 0) AND (percent <= 100)))
operation.operation_pkey: PRIMARY KEY (id)
operation.operation_state_check: CHECK ((state = ANY (ARRAY['WAITING'::text, 'QUEUED'::text, 'RUNNING'::text, 'DONE'::text, 'FAILED'::text, 'CANCELLED'::text])))
operation.operation_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
operation.operation_tenant_id_idempotency_key_key: UNIQUE (tenant_id, idempotency_key)
operation.operation_waiting_check: CHECK (((state <> 'WAITING'::text) OR (waits_for IS NOT NULL)))
operation.operation_waits_for_fkey: FOREIGN KEY (waits_for) REFERENCES operation(id)
point_folder.point_folder_path_check: CHECK (((octet_length(path) >= 1) AND (octet_length(path) <= 4096)))
point_folder.point_folder_pkey: PRIMARY KEY (operation_id)
point_folder.point_folder_tenant_id_point_id_fkey: FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point(tenant_id, id) ON DELETE CASCADE
provider_audit_event.provider_audit_event_pkey: PRIMARY KEY (id)
public_address.public_address_check: CHECK (((nic_id IS NULL) OR (router_id IS NULL)))
public_address.public_address_external_network_id_fkey: FOREIGN KEY (external_network_id) REFERENCES external_network(id)
public_address.public_address_external_network_id_ip_key: UNIQUE (external_network_id, ip)
public_address.public_address_ip_check: CHECK (((family(ip) = 4) AND (masklen(ip) = 32)))
public_address.public_address_nic_id_key: UNIQUE (nic_id)
public_address.public_address_pkey: PRIMARY KEY (id)
public_address.public_address_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
public_address.public_address_tenant_id_id_key: UNIQUE (tenant_id, id)
public_address.public_address_tenant_id_nic_id_fkey: FOREIGN KEY (tenant_id, nic_id) REFERENCES nic(tenant_id, id) ON DELETE SET NULL (nic_id)
public_address.public_address_tenant_id_router_id_fkey: FOREIGN KEY (tenant_id, router_id) REFERENCES router(tenant_id, id) ON DELETE CASCADE
quota.quota_limit_value_check: CHECK ((limit_value >= 0))
quota.quota_pkey: PRIMARY KEY (tenant_id, resource)
quota.quota_resource_check: CHECK ((resource = ANY (ARRAY['VMS'::text, 'VCPUS'::text, 'MEMORY_MIB'::text, 'VOLUME_GIB'::text, 'SECURITY_GROUPS'::text, 'RULES_PER_GROUP'::text, 'ADDRESS_GROUPS'::text, 'CONNECTIONS_PER_NIC'::text, 'PUBLIC_ADDRESSES'::text])))
quota.quota_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id) ON DELETE CASCADE
recovery_point.recovery_point_achieved_check: CHECK ((achieved = ANY (ARRAY['CRASH'::text, 'BARRIER'::text, 'FILESYSTEM'::text])))
recovery_point.recovery_point_added_bytes_check: CHECK ((added_bytes >= 0))
recovery_point.recovery_point_check: CHECK (((purged_at IS NULL) OR (removed_at IS NOT NULL)))
recovery_point.recovery_point_check1: CHECK (((NOT protected) OR (removed_at IS NULL)))
recovery_point.recovery_point_logical_bytes_check: CHECK ((logical_bytes >= 0))
recovery_point.recovery_point_note_check: CHECK ((length(note) <= 500))
recovery_point.recovery_point_operation_id_key: UNIQUE (operation_id)
recovery_point.recovery_point_origin_check: CHECK ((origin = ANY (ARRAY['POLICY'::text, 'MANUAL'::text, 'BEFORE_RESTORE'::text])))
recovery_point.recovery_point_pause_millis_check: CHECK ((pause_millis >= 0))
recovery_point.recovery_point_pkey: PRIMARY KEY (id)
recovery_point.recovery_point_policy_id_fkey: FOREIGN KEY (policy_id) REFERENCES backup_policy(id) ON DELETE SET NULL
recovery_point.recovery_point_read_bytes_check: CHECK ((read_bytes >= 0))
recovery_point.recovery_point_shared_bytes_check: CHECK ((shared_bytes >= 0))
recovery_point.recovery_point_store_id_fkey: FOREIGN KEY (store_id) REFERENCES backup_store(id)
recovery_point.recovery_point_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
recovery_point.recovery_point_tenant_id_id_key: UNIQUE (tenant_id, id)
recovery_point.recovery_point_wanted_check: CHECK ((wanted = ANY (ARRAY['CRASH'::text, 'BARRIER'::text, 'FILESYSTEM'::text])))
recovery_point.recovery_point_zero_bytes_check: CHECK ((zero_bytes >= 0))
recovery_point_pin.recovery_point_pin_operation_id_fkey: FOREIGN KEY (operation_id) REFERENCES operation(id) ON DELETE CASCADE
recovery_point_pin.recovery_point_pin_pkey: PRIMARY KEY (operation_id, point_id)
recovery_point_pin.recovery_point_pin_tenant_id_point_id_fkey: FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point(tenant_id, id) ON DELETE CASCADE
recovery_point_volume.recovery_point_volume_checkpoint_check: CHECK ((length(checkpoint) <= 200))
recovery_point_volume.recovery_point_volume_pkey: PRIMARY KEY (point_id, volume_id)
recovery_point_volume.recovery_point_volume_root_check: CHECK ((root ~ '^[!-~]{1,200}$'::text))
recovery_point_volume.recovery_point_volume_size_bytes_check: CHECK ((size_bytes > 0))
recovery_point_volume.recovery_point_volume_tenant_id_point_id_fkey: FOREIGN KEY (tenant_id, point_id) REFERENCES recovery_point(tenant_id, id) ON DELETE CASCADE
request_key.request_key_key_check: CHECK ((length(key) <= 200))
request_key.request_key_pkey: PRIMARY KEY (tenant_id, key)
request_key.request_key_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
restore_drill.restore_drill_boot_millis_check: CHECK ((boot_millis >= 0))
restore_drill.restore_drill_operation_id_key: UNIQUE (operation_id)
restore_drill.restore_drill_pkey: PRIMARY KEY (id)
restore_drill.restore_drill_policy_id_fkey: FOREIGN KEY (policy_id) REFERENCES backup_policy(id) ON DELETE SET NULL
restore_drill.restore_drill_restore_millis_check: CHECK ((restore_millis >= 0))
restore_drill.restore_drill_screenshot_check: CHECK ((length(screenshot) <= 4194304))
restore_drill.restore_drill_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
router.router_check: CHECK (((external_network_id IS NOT NULL) OR (NOT source_nat)))
router.router_external_network_id_fkey: FOREIGN KEY (external_network_id) REFERENCES external_network(id)
router.router_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
router.router_pkey: PRIMARY KEY (id)
router.router_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
router.router_tenant_id_id_key: UNIQUE (tenant_id, id)
router.router_tenant_id_name_key: UNIQUE (tenant_id, name)
router_network.router_network_pkey: PRIMARY KEY (network_id)
router_network.router_network_tenant_id_network_id_fkey: FOREIGN KEY (tenant_id, network_id) REFERENCES network(tenant_id, id)
router_network.router_network_tenant_id_router_id_fkey: FOREIGN KEY (tenant_id, router_id) REFERENCES router(tenant_id, id) ON DELETE CASCADE
router_route.router_route_check: CHECK (((masklen(next_hop) =
CASE family(next_hop)
    WHEN 4 THEN 32
    ELSE 128
END) AND (family(next_hop) = family((prefix)::inet))))
router_route.router_route_pkey: PRIMARY KEY (router_id, prefix)
router_route.router_route_tenant_id_router_id_fkey: FOREIGN KEY (tenant_id, router_id) REFERENCES router(tenant_id, id) ON DELETE CASCADE
rule.rule_action_check: CHECK ((action = ANY (ARRAY['ALLOW'::text, 'DROP'::text])))
rule.rule_check: CHECK (((port_max >= port_min) AND (port_max <= 65535)))
rule.rule_check1: CHECK ((num_nonnulls(remote_prefix, remote_group_id, remote_address_group_id) <= 1))
rule.rule_check2: CHECK (((port_min IS NULL) = (port_max IS NULL)))
rule.rule_check3: CHECK (((port_min IS NULL) OR (protocol = ANY (ARRAY[6, 17, 33, 132, 136]))))
rule.rule_check4: CHECK (((icmp_type IS NULL) OR (protocol = ANY (ARRAY[1, 58]))))
rule.rule_check5: CHECK (((icmp_code IS NULL) OR (icmp_type IS NOT NULL)))
rule.rule_description_check: CHECK ((length(description) <= 200))
rule.rule_direction_check: CHECK ((direction = ANY (ARRAY['INGRESS'::text, 'EGRESS'::text])))
rule.rule_ethertype_check: CHECK ((ethertype = ANY (ARRAY['ANY'::text, 'IPV4'::text, 'IPV6'::text])))
rule.rule_group_id_position_key: UNIQUE (group_id, "position") DEFERRABLE INITIALLY DEFERRED
rule.rule_icmp_code_check: CHECK (((icmp_code >= 0) AND (icmp_code <= 255)))
rule.rule_icmp_type_check: CHECK (((icmp_type >= 0) AND (icmp_type <= 255)))
rule.rule_pkey: PRIMARY KEY (id)
rule.rule_port_min_check: CHECK (((port_min >= 0) AND (port_min <= 65535)))
rule.rule_protocol_check: CHECK (((protocol >= 0) AND (protocol <= 255)))
rule.rule_tenant_id_group_id_fkey: FOREIGN KEY (tenant_id, group_id) REFERENCES security_group(tenant_id, id) ON DELETE CASCADE
rule.rule_tenant_id_remote_address_group_id_fkey: FOREIGN KEY (tenant_id, remote_address_group_id) REFERENCES address_group(tenant_id, id)
rule.rule_tenant_id_remote_group_id_fkey: FOREIGN KEY (tenant_id, remote_group_id) REFERENCES security_group(tenant_id, id)
rule_draft.rule_draft_account_id_fkey: FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE
rule_draft.rule_draft_egress_default_check: CHECK ((egress_default = ANY (ARRAY['ALLOW'::text, 'DROP'::text])))
rule_draft.rule_draft_pkey: PRIMARY KEY (account_id, group_id)
rule_draft.rule_draft_tenant_id_group_id_fkey: FOREIGN KEY (tenant_id, group_id) REFERENCES security_group(tenant_id, id) ON DELETE CASCADE
rule_hits.rule_hits_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
rule_hits.rule_hits_pkey: PRIMARY KEY (rule_id, host_id, counter_epoch)
rule_hits.rule_hits_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
rule_hits_hour.rule_hits_hour_pkey: PRIMARY KEY (rule_id, hour)
rule_hits_hour.rule_hits_hour_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
ruleset_revision.ruleset_revision_pkey: PRIMARY KEY (group_id, version)
ruleset_revision.ruleset_revision_tenant_id_group_id_fkey: FOREIGN KEY (tenant_id, group_id) REFERENCES security_group(tenant_id, id) ON DELETE CASCADE
scheduled_tasks.scheduled_tasks_pkey: PRIMARY KEY (task_name, task_instance)
security_group.security_group_check: CHECK (((confirm_until IS NULL) = (fallback_version IS NULL)))
security_group.security_group_description_check: CHECK ((length(description) <= 500))
security_group.security_group_egress_default_check: CHECK ((egress_default = ANY (ARRAY['ALLOW'::text, 'DROP'::text])))
security_group.security_group_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
security_group.security_group_pkey: PRIMARY KEY (id)
security_group.security_group_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
security_group.security_group_tenant_id_id_key: UNIQUE (tenant_id, id)
security_group.security_group_tenant_id_name_key: UNIQUE (tenant_id, name)
sign_in_link.sign_in_link_account_id_fkey: FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE
sign_in_link.sign_in_link_pkey: PRIMARY KEY (id)
sign_in_link.sign_in_link_secret_hash_key: UNIQUE (secret_hash)
snapshot.snapshot_achieved_check: CHECK ((achieved = ANY (ARRAY['CRASH'::text, 'BARRIER'::text, 'FILESYSTEM'::text])))
snapshot.snapshot_description_check: CHECK ((length(description) <= 500))
snapshot.snapshot_hint_check: CHECK ((length(hint) <= 500))
snapshot.snapshot_memory_bytes_check: CHECK ((memory_bytes >= 0))
snapshot.snapshot_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
snapshot.snapshot_parent_id_fkey: FOREIGN KEY (parent_id) REFERENCES snapshot(id) ON DELETE SET NULL
snapshot.snapshot_pkey: PRIMARY KEY (id)
snapshot.snapshot_tenant_id_id_key: UNIQUE (tenant_id, id)
snapshot.snapshot_tenant_id_vm_id_fkey: FOREIGN KEY (tenant_id, vm_id) REFERENCES vm(tenant_id, id) ON DELETE CASCADE
snapshot.snapshot_vm_id_name_key: UNIQUE (vm_id, name)
snapshot_head.snapshot_head_pkey: PRIMARY KEY (vm_id)
snapshot_head.snapshot_head_snapshot_id_fkey: FOREIGN KEY (snapshot_id) REFERENCES snapshot(id) ON DELETE SET NULL
snapshot_head.snapshot_head_tenant_id_vm_id_fkey: FOREIGN KEY (tenant_id, vm_id) REFERENCES vm(tenant_id, id) ON DELETE CASCADE
spring_session.spring_session_pkey: PRIMARY KEY (primary_id)
spring_session.spring_session_session_id_key: UNIQUE (session_id)
spring_session_attributes.spring_session_attributes_pkey: PRIMARY KEY (session_primary_id, attribute_name)
spring_session_attributes.spring_session_attributes_session_primary_id_fkey: FOREIGN KEY (session_primary_id) REFERENCES spring_session(primary_id) ON DELETE CASCADE
subnet.subnet_check: CHECK ((gateway << (prefix)::inet))
subnet.subnet_network_id_prefix_excl: EXCLUDE USING gist (network_id WITH =, prefix inet_ops WITH &&)
subnet.subnet_pkey: PRIMARY KEY (id)
subnet.subnet_tenant_id_id_key: UNIQUE (tenant_id, id)
subnet.subnet_tenant_id_network_id_fkey: FOREIGN KEY (tenant_id, network_id) REFERENCES network(tenant_id, id) ON DELETE CASCADE
tenant.tenant_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 100)))
tenant.tenant_pkey: PRIMARY KEY (id)
tenant.tenant_slug_check: CHECK ((slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'::text))
tenant.tenant_slug_key: UNIQUE (slug)
throttle_bucket.throttle_bucket_key_check: CHECK ((length(key) <= 200))
throttle_bucket.throttle_bucket_pkey: PRIMARY KEY (key)
uplink.uplink_check: CHECK (((tunnel_gateway IS NULL) OR ((tunnel_address IS NOT NULL) AND (tunnel_gateway << (network(tunnel_address))::inet))))
uplink.uplink_device_check: CHECK (((length(device) >= 1) AND (length(device) <= 15)))
uplink.uplink_host_name_device_key: UNIQUE (host_name, device)
uplink.uplink_pkey: PRIMARY KEY (id)
uplink.uplink_tunnel_address_check: CHECK ((family(tunnel_address) = 4))
uplink.uplink_tunnel_vlan_check: CHECK (((tunnel_vlan >= 0) AND (tunnel_vlan <= 4094)))
vm.vm_bound_host_id_fkey: FOREIGN KEY (bound_host_id) REFERENCES host(id)
vm.vm_check: CHECK ((max_vcpus >= vcpus))
vm.vm_check1: CHECK ((max_memory_mib >= memory_mib))
vm.vm_description_check: CHECK ((length(description) <= 500))
vm.vm_flavor_id_fkey: FOREIGN KEY (flavor_id) REFERENCES flavor(id)
vm.vm_host_id_fkey: FOREIGN KEY (host_id) REFERENCES host(id)
vm.vm_image_id_fkey: FOREIGN KEY (image_id) REFERENCES image(id)
vm.vm_memory_mib_check: CHECK ((memory_mib >= 64))
vm.vm_name_check: CHECK ((name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'::text))
vm.vm_pkey: PRIMARY KEY (id)
vm.vm_power_check: CHECK ((power = ANY (ARRAY['RUNNING'::text, 'STOPPED'::text])))
vm.vm_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
vm.vm_tenant_id_id_key: UNIQUE (tenant_id, id)
vm.vm_vcpus_check: CHECK ((vcpus >= 1))
vm_label.vm_label_label_check: CHECK ((label ~ '^[a-z0-9]([a-z0-9._/=-]{0,61}[a-z0-9])?$'::text))
vm_label.vm_label_pkey: PRIMARY KEY (vm_id, label)
vm_label.vm_label_tenant_id_vm_id_fkey: FOREIGN KEY (tenant_id, vm_id) REFERENCES vm(tenant_id, id) ON DELETE CASCADE
vm_status.vm_status_pkey: PRIMARY KEY (vm_id)
vm_status.vm_status_tenant_id_fkey: FOREIGN KEY (tenant_id) REFERENCES tenant(id)
vm_status.vm_status_vm_id_fkey: FOREIGN KEY (vm_id) REFERENCES vm(id) ON DELETE CASCADE
volume.volume_device_index_check: CHECK (((device_index >= 0) AND (device_index <= 25)))
volume.volume_name_check: CHECK (((length(name) >= 1) AND (length(name) <= 63)))
volume.volume_pkey: PRIMARY KEY (id)
volume.volume_restored_by_fkey: FOREIGN KEY (restored_by) REFERENCES operation(id) ON DELETE SET NULL
volume.volume_size_bytes_check: CHECK (((size_bytes >= 1048576) AND (size_bytes <= '17592186044416'::bigint)))
volume.volume_tenant_id_vm_id_fkey: FOREIGN KEY (tenant_id, vm_id) REFERENCES vm(tenant_id, id) ON DELETE CASCADE
volume.volume_vm_id_device_index_key: UNIQUE (vm_id, device_index)

-- Indexes
CREATE UNIQUE INDEX account_email_idx ON public.account USING btree (email)
CREATE UNIQUE INDEX account_pkey ON public.account USING btree (id)
CREATE INDEX address_nic_idx ON public.address USING btree (nic_id)
CREATE UNIQUE INDEX address_pkey ON public.address USING btree (network_id, ip)
CREATE INDEX address_subnet_idx ON public.address USING btree (subnet_id)
CREATE UNIQUE INDEX address_group_pkey ON public.address_group USING btree (id)
CREATE UNIQUE INDEX address_group_tenant_id_id_key ON public.address_group USING btree (tenant_id, id)
CREATE UNIQUE INDEX address_group_tenant_id_name_key ON public.address_group USING btree (tenant_id, name)
CREATE UNIQUE INDEX address_group_entry_pkey ON public.address_group_entry USING btree (group_id, prefix)
CREATE UNIQUE INDEX audit_chain_pkey ON public.audit_chain USING btree (tenant_id)
CREATE UNIQUE INDEX audit_event_id_key ON public.audit_event USING btree (id)
CREATE UNIQUE INDEX audit_event_pkey ON public.audit_event USING btree (tenant_id, sequence)
CREATE INDEX audit_event_target_idx ON public.audit_event USING btree (tenant_id, target_id, sequence)
CREATE UNIQUE INDEX backup_key_pkey ON public.backup_key USING btree (tenant_id)
CREATE UNIQUE INDEX backup_policy_pkey ON public.backup_policy USING btree (id)
CREATE UNIQUE INDEX backup_policy_tenant_id_id_key ON public.backup_policy USING btree (tenant_id, id)
CREATE UNIQUE INDEX backup_policy_tenant_id_name_key ON public.backup_policy USING btree (tenant_id, name)
CREATE UNIQUE INDEX backup_policy_label_pkey ON public.backup_policy_label USING btree (policy_id, label)
CREATE UNIQUE INDEX backup_store_name_key ON public.backup_store USING btree (name)
CREATE UNIQUE INDEX backup_store_pkey ON public.backup_store USING btree (id)
CREATE UNIQUE INDEX backup_usage_pkey ON public.backup_usage USING btree (tenant_id, store_id)
CREATE INDEX enforcement_open_idx ON public.enforcement USING btree (host_id, revision) WHERE (applied_at IS NULL)
CREATE UNIQUE INDEX enforcement_pkey ON public.enforcement USING btree (host_id, revision)
CREATE UNIQUE INDEX external_link_pkey ON public.external_link USING btree (external_network_id, uplink_id)
CREATE UNIQUE INDEX external_network_name_key ON public.external_network USING btree (name)
CREATE UNIQUE INDEX external_network_pkey ON public.external_network USING btree (id)
CREATE UNIQUE INDEX external_network_vni_key ON public.external_network USING btree (vni)
CREATE UNIQUE INDEX fetched_file_pkey ON public.fetched_file USING btree (operation_id)
CREATE INDEX fetched_file_point_idx ON public.fetched_file USING btree (tenant_id, point_id)
CREATE UNIQUE INDEX fetched_file_tenant_id_operation_id_key ON public.fetched_file USING btree (tenant_id, operation_id)
CREATE UNIQUE INDEX fetched_piece_pkey ON public.fetched_piece USING btree (operation_id, number)
CREATE UNIQUE INDEX flavor_name_key ON public.flavor USING btree (name)
CREATE UNIQUE INDEX flavor_pkey ON public.flavor USING btree (id)
CREATE INDEX flow_record_age_idx ON public.flow_record USING btree (last_at)
CREATE INDEX flow_record_nic_idx ON public.flow_record USING btree (nic_id, last_at DESC, sequence DESC)
CREATE INDEX flow_record_open_idx ON public.flow_record USING btree (nic_id, local_port, remote_port) WHERE (ending = 'ACTIVE'::text)
CREATE UNIQUE INDEX flow_record_pkey ON public.flow_record USING btree (host_id, epoch, sequence)
CREATE INDEX flow_record_tenant_idx ON public.flow_record USING btree (tenant_id, last_at DESC)
CREATE UNIQUE INDEX flow_stream_pkey ON public.flow_stream USING btree (host_id)
CREATE UNIQUE INDEX host_name_key ON public.host USING btree (name)
CREATE UNIQUE INDEX host_pkey ON public.host USING btree (id)
CREATE INDEX host_certificate_host_idx ON public.host_certificate USING btree (host_id)
CREATE UNIQUE INDEX host_certificate_pkey ON public.host_certificate USING btree (serial)
CREATE UNIQUE INDEX host_certificate_sha256_key ON public.host_certificate USING btree (sha256)
CREATE UNIQUE INDEX host_enrolment_token_pkey ON public.host_enrolment_token USING btree (token_hash)
CREATE INDEX host_object_change_idx ON public.host_object USING btree (host_id, revision) WHERE (revision > 0)
CREATE INDEX host_object_object_idx ON public.host_object USING btree (object_id, kind)
CREATE UNIQUE INDEX host_object_pkey ON public.host_object USING btree (host_id, kind, object_id)
CREATE INDEX host_question_age_idx ON public.host_question USING btree (asked_at)
CREATE INDEX host_question_open_idx ON public.host_question USING btree (host_id) WHERE (taken_at IS NULL)
CREATE UNIQUE INDEX host_question_pkey ON public.host_question USING btree (id)
CREATE INDEX host_question_tenant_idx ON public.host_question USING btree (tenant_id, asked_at)
CREATE UNIQUE INDEX image_pkey ON public.image USING btree (id)
CREATE UNIQUE INDEX image_file_pkey ON public.image_file USING btree (image_id, role)
CREATE INDEX member_account_idx ON public.member USING btree (account_id)
CREATE UNIQUE INDEX member_pkey ON public.member USING btree (tenant_id, account_id)
CREATE UNIQUE INDEX nat_block_pkey ON public.nat_block USING btree (nic_id)
CREATE UNIQUE INDEX nat_block_public_address_id_first_port_key ON public.nat_block USING btree (public_address_id, first_port)
CREATE UNIQUE INDEX network_pkey ON public.network USING btree (id)
CREATE UNIQUE INDEX network_tenant_id_id_key ON public.network USING btree (tenant_id, id)
CREATE UNIQUE INDEX network_tenant_id_name_key ON public.network USING btree (tenant_id, name)
CREATE UNIQUE INDEX network_vni_key ON public.network USING btree (vni)
CREATE UNIQUE INDEX nic_mac_key ON public.nic USING btree (mac)
CREATE INDEX nic_network_idx ON public.nic USING btree (network_id)
CREATE UNIQUE INDEX nic_pkey ON public.nic USING btree (id)
CREATE UNIQUE INDEX nic_tenant_id_id_key ON public.nic USING btree (tenant_id, id)
CREATE UNIQUE INDEX nic_vm_id_device_index_key ON public.nic USING btree (vm_id, device_index)
CREATE INDEX nic_drop_age_idx ON public.nic_drop USING btree (last_at)
CREATE UNIQUE INDEX nic_drop_nic_id_ingress_reason_rule_id_protocol_remote_loca_key ON public.nic_drop USING btree (nic_id, ingress, reason, rule_id, protocol, remote, local, port) NULLS NOT DISTINCT
CREATE INDEX nic_drop_nic_idx ON public.nic_drop USING btree (nic_id, last_at DESC)
CREATE INDEX nic_drop_tenant_idx ON public.nic_drop USING btree (tenant_id, last_at DESC)
CREATE INDEX nic_flow_loss_age_idx ON public.nic_flow_loss USING btree (hour)
CREATE UNIQUE INDEX nic_flow_loss_pkey ON public.nic_flow_loss USING btree (nic_id, hour)
CREATE INDEX nic_security_group_group_idx ON public.nic_security_group USING btree (group_id)
CREATE UNIQUE INDEX nic_security_group_pkey ON public.nic_security_group USING btree (nic_id, group_id)
CREATE UNIQUE INDEX nic_status_pkey ON public.nic_status USING btree (nic_id)
CREATE INDEX nic_traffic_day_age_idx ON public.nic_traffic_day USING btree (day)
CREATE UNIQUE INDEX nic_traffic_day_pkey ON public.nic_traffic_day USING btree (nic_id, day, kind)
CREATE INDEX nic_traffic_day_tenant_idx ON public.nic_traffic_day USING btree (tenant_id, day)
CREATE UNIQUE INDEX nic_traffic_mark_pkey ON public.nic_traffic_mark USING btree (nic_id, kind)
CREATE UNIQUE INDEX notification_pkey ON public.notification USING btree (id)
CREATE UNIQUE INDEX notification_tenant_id_id_key ON public.notification USING btree (tenant_id, id)
CREATE UNIQUE INDEX notification_tenant_id_said_once_key ON public.notification USING btree (tenant_id, said_once)
CREATE INDEX notification_tenant_idx ON public.notification USING btree (tenant_id, id DESC)
CREATE UNIQUE INDEX notification_channel_pkey ON public.notification_channel USING btree (id)
CREATE UNIQUE INDEX notification_channel_tenant_id_id_key ON public.notification_channel USING btree (tenant_id, id)
CREATE UNIQUE INDEX notification_channel_tenant_id_name_key ON public.notification_channel USING btree (tenant_id, name)
CREATE INDEX notification_delivery_channel_idx ON public.notification_delivery USING btree (tenant_id, channel_id, id DESC)
CREATE INDEX notification_delivery_due_idx ON public.notification_delivery USING btree (next_attempt_at) WHERE (state = ANY (ARRAY['WAITING'::text, 'SENDING'::text]))
CREATE INDEX notification_delivery_notification_idx ON public.notification_delivery USING btree (notification_id)
CREATE UNIQUE INDEX notification_delivery_pkey ON public.notification_delivery USING btree (id)
CREATE UNIQUE INDEX notification_seen_pkey ON public.notification_seen USING btree (tenant_id, account_id)
CREATE INDEX operation_chain_idx ON public.operation USING btree (tenant_id, chain_id)
CREATE INDEX operation_open_idx ON public.operation USING btree (host_id) WHERE (state = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text]))
CREATE UNIQUE INDEX operation_pkey ON public.operation USING btree (id)
CREATE INDEX operation_target_idx ON public.operation USING btree (target_id, id DESC)
CREATE UNIQUE INDEX operation_tenant_id_idempotency_key_key ON public.operation USING btree (tenant_id, idempotency_key)
CREATE INDEX operation_tenant_idx ON public.operation USING btree (tenant_id, id DESC)
CREATE INDEX operation_waiting_idx ON public.operation USING btree (waits_for) WHERE (state = 'WAITING'::text)
CREATE UNIQUE INDEX point_folder_pkey ON public.point_folder USING btree (operation_id)
CREATE UNIQUE INDEX point_folder_place_idx ON public.point_folder USING btree (point_id, volume_id, md5(path))
CREATE INDEX provider_audit_event_at_idx ON public.provider_audit_event USING btree (at)
CREATE UNIQUE INDEX provider_audit_event_pkey ON public.provider_audit_event USING btree (id)
CREATE UNIQUE INDEX public_address_external_network_id_ip_key ON public.public_address USING btree (external_network_id, ip)
CREATE UNIQUE INDEX public_address_nic_id_key ON public.public_address USING btree (nic_id)
CREATE UNIQUE INDEX public_address_pkey ON public.public_address USING btree (id)
CREATE INDEX public_address_router_idx ON public.public_address USING btree (router_id)
CREATE UNIQUE INDEX public_address_tenant_id_id_key ON public.public_address USING btree (tenant_id, id)
CREATE INDEX public_address_tenant_idx ON public.public_address USING btree (tenant_id)
CREATE UNIQUE INDEX quota_pkey ON public.quota USING btree (tenant_id, resource)
CREATE INDEX recovery_point_live_idx ON public.recovery_point USING btree (tenant_id, store_id) WHERE (purged_at IS NULL)
CREATE UNIQUE INDEX recovery_point_operation_id_key ON public.recovery_point USING btree (operation_id)
CREATE UNIQUE INDEX recovery_point_pkey ON public.recovery_point USING btree (id)
CREATE UNIQUE INDEX recovery_point_tenant_id_id_key ON public.recovery_point USING btree (tenant_id, id)
CREATE INDEX recovery_point_vm_idx ON public.recovery_point USING btree (tenant_id, vm_id, taken_at DESC)
CREATE UNIQUE INDEX recovery_point_pin_pkey ON public.recovery_point_pin USING btree (operation_id, point_id)
CREATE INDEX recovery_point_pin_point_idx ON public.recovery_point_pin USING btree (point_id)
CREATE UNIQUE INDEX recovery_point_volume_pkey ON public.recovery_point_volume USING btree (point_id, volume_id)
CREATE INDEX recovery_point_volume_volume_idx ON public.recovery_point_volume USING btree (volume_id)
CREATE UNIQUE INDEX request_key_pkey ON public.request_key USING btree (tenant_id, key)
CREATE UNIQUE INDEX restore_drill_operation_id_key ON public.restore_drill USING btree (operation_id)
CREATE UNIQUE INDEX restore_drill_pkey ON public.restore_drill USING btree (id)
CREATE INDEX restore_drill_point_idx ON public.restore_drill USING btree (point_id)
CREATE INDEX restore_drill_tenant_idx ON public.restore_drill USING btree (tenant_id, id DESC)
CREATE UNIQUE INDEX router_pkey ON public.router USING btree (id)
CREATE UNIQUE INDEX router_tenant_id_id_key ON public.router USING btree (tenant_id, id)
CREATE UNIQUE INDEX router_tenant_id_name_key ON public.router USING btree (tenant_id, name)
CREATE UNIQUE INDEX router_network_pkey ON public.router_network USING btree (network_id)
CREATE INDEX router_network_router_idx ON public.router_network USING btree (router_id)
CREATE UNIQUE INDEX router_route_pkey ON public.router_route USING btree (router_id, prefix)
CREATE UNIQUE INDEX rule_group_id_position_key ON public.rule USING btree (group_id, "position")
CREATE INDEX rule_group_remote_address_group_idx ON public.rule USING btree (group_id, remote_address_group_id) WHERE (remote_address_group_id IS NOT NULL)
CREATE INDEX rule_group_remote_group_idx ON public.rule USING btree (group_id, remote_group_id) WHERE (remote_group_id IS NOT NULL)
CREATE UNIQUE INDEX rule_pkey ON public.rule USING btree (id)
CREATE INDEX rule_remote_address_group_idx ON public.rule USING btree (remote_address_group_id) WHERE (remote_address_group_id IS NOT NULL)
CREATE INDEX rule_remote_group_idx ON public.rule USING btree (remote_group_id) WHERE (remote_group_id IS NOT NULL)
CREATE INDEX rule_draft_group_idx ON public.rule_draft USING btree (group_id)
CREATE UNIQUE INDEX rule_draft_pkey ON public.rule_draft USING btree (account_id, group_id)
CREATE UNIQUE INDEX rule_hits_pkey ON public.rule_hits USING btree (rule_id, host_id, counter_epoch)
CREATE INDEX rule_hits_hour_hour_idx ON public.rule_hits_hour USING btree (hour)
CREATE UNIQUE INDEX rule_hits_hour_pkey ON public.rule_hits_hour USING btree (rule_id, hour)
CREATE UNIQUE INDEX ruleset_revision_pkey ON public.ruleset_revision USING btree (group_id, version)
CREATE INDEX scheduled_tasks_heartbeat_idx ON public.scheduled_tasks USING btree (last_heartbeat)
CREATE UNIQUE INDEX scheduled_tasks_pkey ON public.scheduled_tasks USING btree (task_name, task_instance)
CREATE INDEX scheduled_tasks_time_idx ON public.scheduled_tasks USING btree (execution_time)
CREATE INDEX security_group_confirm_idx ON public.security_group USING btree (confirm_until) WHERE (confirm_until IS NOT NULL)
CREATE UNIQUE INDEX security_group_pkey ON public.security_group USING btree (id)
CREATE UNIQUE INDEX security_group_tenant_id_id_key ON public.security_group USING btree (tenant_id, id)
CREATE UNIQUE INDEX security_group_tenant_id_name_key ON public.security_group USING btree (tenant_id, name)
CREATE INDEX sign_in_link_account_idx ON public.sign_in_link USING btree (account_id)
CREATE UNIQUE INDEX sign_in_link_pkey ON public.sign_in_link USING btree (id)
CREATE UNIQUE INDEX sign_in_link_secret_hash_key ON public.sign_in_link USING btree (secret_hash)
CREATE INDEX snapshot_operation_idx ON public.snapshot USING btree (operation_id)
CREATE INDEX snapshot_parent_idx ON public.snapshot USING btree (parent_id) WHERE (parent_id IS NOT NULL)
CREATE UNIQUE INDEX snapshot_pkey ON public.snapshot USING btree (id)
CREATE UNIQUE INDEX snapshot_tenant_id_id_key ON public.snapshot USING btree (tenant_id, id)
CREATE UNIQUE INDEX snapshot_vm_id_name_key ON public.snapshot USING btree (vm_id, name)
CREATE UNIQUE INDEX snapshot_head_pkey ON public.snapshot_head USING btree (vm_id)
CREATE INDEX spring_session_expiry_idx ON public.spring_session USING btree (expiry_time)
CREATE UNIQUE INDEX spring_session_pkey ON public.spring_session USING btree (primary_id)
CREATE INDEX spring_session_principal_idx ON public.spring_session USING btree (principal_name)
CREATE UNIQUE INDEX spring_session_session_id_key ON public.spring_session USING btree (session_id)
CREATE UNIQUE INDEX spring_session_attributes_pkey ON public.spring_session_attributes USING btree (session_primary_id, attribute_name)
CREATE INDEX subnet_network_id_prefix_excl ON public.subnet USING gist (network_id, prefix inet_ops)
CREATE UNIQUE INDEX subnet_pkey ON public.subnet USING btree (id)
CREATE UNIQUE INDEX subnet_tenant_id_id_key ON public.subnet USING btree (tenant_id, id)
CREATE UNIQUE INDEX tenant_pkey ON public.tenant USING btree (id)
CREATE UNIQUE INDEX tenant_slug_key ON public.tenant USING btree (slug)
CREATE INDEX throttle_bucket_at_idx ON public.throttle_bucket USING btree (at)
CREATE UNIQUE INDEX throttle_bucket_pkey ON public.throttle_bucket USING btree (key)
CREATE UNIQUE INDEX uplink_host_name_device_key ON public.uplink USING btree (host_name, device)
CREATE UNIQUE INDEX uplink_pkey ON public.uplink USING btree (id)
CREATE UNIQUE INDEX uplink_tunnel_end_idx ON public.uplink USING btree (host(tunnel_address))
CREATE UNIQUE INDEX uplink_tunnel_idx ON public.uplink USING btree (host_name) WHERE (tunnel_address IS NOT NULL)
CREATE INDEX vm_host_idx ON public.vm USING btree (host_id)
CREATE UNIQUE INDEX vm_name_idx ON public.vm USING btree (tenant_id, name) WHERE (deleting_since IS NULL)
CREATE UNIQUE INDEX vm_pkey ON public.vm USING btree (id)
CREATE UNIQUE INDEX vm_tenant_id_id_key ON public.vm USING btree (tenant_id, id)
CREATE INDEX vm_label_label_idx ON public.vm_label USING btree (tenant_id, label)
CREATE UNIQUE INDEX vm_label_pkey ON public.vm_label USING btree (vm_id, label)
CREATE UNIQUE INDEX vm_status_pkey ON public.vm_status USING btree (vm_id)
CREATE UNIQUE INDEX volume_pkey ON public.volume USING btree (id)
CREATE INDEX volume_restored_idx ON public.volume USING btree (restored_by) WHERE (restored_by IS NOT NULL)
CREATE UNIQUE INDEX volume_vm_id_device_index_key ON public.volume USING btree (vm_id, device_index)

-- Functions
CREATE OR REPLACE FUNCTION public.add_rule_hits_to_hour()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    more bigint := NEW.connections - CASE TG_OP WHEN 'UPDATE' THEN OLD.connections ELSE 0 END;
BEGIN
    IF more > 0 THEN
        INSERT INTO rule_hits_hour AS h (rule_id, tenant_id, hour, connections)
            VALUES (NEW.rule_id, NEW.tenant_id, date_trunc('hour', least(coalesce(NEW.last_hit_at, now()), now())), more)
            ON CONFLICT (rule_id, hour) DO UPDATE SET connections = h.connections + excluded.connections;
    END IF;
    RETURN NULL;
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.app_tenant()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.app_user()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ SELECT nullif(current_setting('app.user', true), '')::uuid $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.audit_append(p_tenant uuid, p_id uuid, p_at timestamp with time zone, p_actor_kind text, p_actor_id uuid, p_actor_name text, p_action text, p_target_kind text, p_target_id uuid, p_target_name text, p_before jsonb, p_after jsonb, p_request_id uuid, p_source_ip inet)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.audit_event_hash(e audit_event)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
        SELECT sha256(e.previous_hash || convert_to(jsonb_build_array(
            e.tenant_id, e.sequence, e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_kind, e.actor_id, e.actor_name,
            e.action, e.target_kind, e.target_id, e.target_name, e.before, e.after, e.request_id, host(e.source_ip))::text, 'UTF8'))
    $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.change_hosts(of_tenant uuid, touched_kinds text[], touched_ids uuid[], around_kinds text[], around_ids uuid[], rearranged uuid[], unplaced uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    w record;
    picked uuid;
    refreshed uuid[];
    regrouped uuid[];
    come uuid[];
    gone uuid[];
    peers uuid[];
BEGIN
    PERFORM lock_host_changes(of_tenant);
    IF cardinality(unplaced) > 0 THEN
        PERFORM 1 FROM host ORDER BY id FOR UPDATE;
    END IF;

    FOR w IN SELECT id, vcpus, memory_mib, bound_host_id FROM vm
             WHERE id = ANY (unplaced) AND tenant_id = of_tenant AND host_id IS NULL AND deleting_since IS NULL ORDER BY id
    LOOP
        picked := host_with_room(w.vcpus, w.memory_mib, w.bound_host_id);
        IF picked IS NOT NULL THEN
            UPDATE vm SET host_id = picked WHERE id = w.id;
            rearranged := rearranged || picked;
        ELSIF EXISTS (SELECT FROM host WHERE capacity_vcpus > 0) THEN
            RAISE EXCEPTION 'no host has room for % vCPUs and % MiB', w.vcpus, w.memory_mib USING ERRCODE = 'FH001';
        END IF;
    END LOOP;

    refreshed := ARRAY(
        SELECT unnest(rearranged)
        UNION SELECT o.host_id FROM host_object o JOIN unnest(around_kinds, around_ids) a (kind, id)
              ON o.kind = a.kind AND o.object_id = a.id WHERE NOT o.removed AND a.kind NOT IN ('NIC', 'SECURITY_GROUP'));
    regrouped := ARRAY(
        SELECT o.host_id FROM host_object o JOIN unnest(around_kinds, around_ids) a (kind, id)
              ON o.kind = a.kind AND o.object_id = a.id WHERE NOT o.removed AND a.kind IN ('NIC', 'SECURITY_GROUP')
        EXCEPT SELECT unnest(refreshed));

    SELECT array_agg(nic_id) FILTER (WHERE comes),
           array_agg(nic_id) FILTER (WHERE NOT comes)
        INTO come, gone FROM moving_nics(refreshed);
    gone := ARRAY(SELECT unnest(gone) EXCEPT SELECT unnest(come));
    peers := ARRAY(
        SELECT o.host_id FROM nic c JOIN host_object o ON o.kind = 'NETWORK' AND o.object_id = c.network_id
            WHERE c.id = ANY (come) AND NOT o.removed
        UNION SELECT host_id FROM host_object WHERE kind = 'REMOTE_NIC' AND object_id = ANY (gone || come) AND NOT removed);

    PERFORM 1 FROM host
        WHERE id = ANY (refreshed || regrouped || peers)
           OR id IN (SELECT o.host_id FROM host_object o JOIN unnest(touched_kinds, touched_ids) t (kind, id)
                     ON o.kind = t.kind AND o.object_id = t.id WHERE NOT o.removed)
        ORDER BY id FOR UPDATE;

    -- References first: what a host only now learns of has its newest content with it.
    PERFORM refresh_host_objects(id) FROM unnest(refreshed) AS r (id) ORDER BY id;
    PERFORM refresh_host_sets(r.id, of_tenant, ARRAY(SELECT a.id FROM unnest(around_kinds, around_ids) a (kind, id) WHERE a.kind = 'NIC'))
        FROM unnest(regrouped) AS r (id) ORDER BY r.id;
    PERFORM tell_of_moving_nics(peers, come, gone);
    FOR w IN SELECT kind, array_agg(id) AS ids FROM unnest(touched_kinds, touched_ids) t (kind, id) GROUP BY kind ORDER BY kind
    LOOP
        PERFORM touch_host_objects(w.kind, w.ids);
    END LOOP;
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.enforcement_of_nics(nics uuid[])
 RETURNS TABLE(nic_id uuid, vm_id uuid, host_id uuid, desired_revision bigint, applied_revision bigint, link text, problem jsonb, host_last_seen_at timestamp with time zone, committed_at timestamp with time zone, applied_at timestamp with time zone, addresses text[])
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
            SELECT n.id, n.vm_id AS vm, n.network_id AS network, v.host
            FROM (SELECT DISTINCT unnest(nics) AS id) a
            CROSS JOIN LATERAL (SELECT c.id, c.vm_id, c.network_id FROM nic c WHERE c.id = a.id OFFSET 0) n
            CROSS JOIN LATERAL (SELECT m.host_id AS host FROM vm m WHERE m.id = n.vm_id OFFSET 0) v),
         membership AS MATERIALIZED (
            SELECT a.id AS nic, a.host, g.id AS grp
            FROM asked a
            CROSS JOIN LATERAL (SELECT x.group_id AS id FROM nic_security_group x WHERE x.nic_id = a.id OFFSET 0) g),
         grp AS MATERIALIZED (SELECT DISTINCT m.host, m.grp AS id FROM membership m),
         part AS MATERIALIZED (
            SELECT g.host, g.id AS grp, 'SECURITY_GROUP' AS kind, g.id FROM grp g
            UNION ALL
            SELECT g.host, g.id, r.kind, r.id
            FROM grp g
            CROSS JOIN LATERAL (SELECT s.kind, s.object_id AS id FROM security_group_reference s
                                WHERE s.group_id = g.id OFFSET 0) r),
         told AS MATERIALIZED (
            SELECT p.host, p.grp, max(o.revision) AS revision
            FROM part p
            CROSS JOIN LATERAL (SELECT h.revision FROM host_object h WHERE h.host_id = p.host AND h.kind = p.kind
                                AND h.object_id = p.id AND NOT h.removed OFFSET 0) o
            GROUP BY p.host, p.grp),
         by_groups AS (
            SELECT m.nic, max(t.revision) AS revision
            FROM membership m JOIN told t ON t.host = m.host AND t.grp = m.grp GROUP BY m.nic)
    SELECT a.id, a.vm, a.host, d.revision,
           CASE WHEN s.problem IS NULL THEN h.applied_revision ELSE s.applied_revision END,
           s.link, s.problem, h.last_seen_at, e.committed_at, e.applied_at,
           ARRAY(SELECT host(i.ip) FROM address i WHERE i.nic_id = a.id ORDER BY family(i.ip), i.ip)
    FROM asked a
    LEFT JOIN by_groups b ON b.nic = a.id
    CROSS JOIN LATERAL (
        SELECT greatest(b.revision,
            (SELECT o.revision FROM host_object o
             WHERE o.host_id = a.host AND o.kind = 'NIC' AND o.object_id = a.id AND NOT o.removed),
            (SELECT o.revision FROM host_object o
             WHERE o.host_id = a.host AND o.kind = 'NETWORK' AND o.object_id = a.network AND NOT o.removed),
            (SELECT max((SELECT o.revision FROM host_object o
                         WHERE o.host_id = a.host AND o.kind = 'ROUTER' AND o.object_id = r.router_id AND NOT o.removed))
             FROM router_network r WHERE r.network_id = a.network)) AS revision OFFSET 0) d
    LEFT JOIN LATERAL (SELECT x.applied_revision, x.last_seen_at FROM host x WHERE x.id = a.host OFFSET 0) h ON true
    LEFT JOIN LATERAL (SELECT x.applied_revision, x.link, x.problem FROM nic_status x WHERE x.nic_id = a.id OFFSET 0) s ON true
    LEFT JOIN LATERAL (SELECT x.committed_at, x.applied_at FROM enforcement x
                       WHERE x.host_id = a.host AND x.revision = d.revision OFFSET 0) e ON true;
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.host_with_room(need_vcpus integer, need_memory_mib bigint, among uuid DEFAULT NULL::uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
    SELECT h.id FROM host h
    CROSS JOIN LATERAL (SELECT coalesce(sum(v.vcpus), 0) AS vcpus, coalesce(sum(v.memory_mib), 0) AS memory_mib
                        FROM vm v WHERE v.host_id = h.id) used
    WHERE (among IS NULL OR h.id = among)
      AND h.capacity_vcpus - used.vcpus >= need_vcpus AND h.capacity_memory_mib - used.memory_mib >= need_memory_mib
    ORDER BY coalesce(h.last_seen_at > now() - interval '1 minute', false) DESC, h.capacity_memory_mib - used.memory_mib DESC, h.id
    LIMIT 1
$function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.lock_host_changes(of_tenant uuid)
 RETURNS void
 LANGUAGE sql
AS $function$ SELECT pg_advisory_xact_lock(hashtextextended('host-changes:' || of_tenant::text, 0)) $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.moving_nics(hosts uuid[])
 RETURNS TABLE(nic_id uuid, network_id uuid, comes boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
    WITH wanted AS (SELECT v.host_id, c.id, c.network_id FROM vm v JOIN nic c ON c.vm_id = v.id
                    WHERE v.host_id = ANY (hosts) AND v.deleting_since IS NULL),
         held AS (SELECT host_id, object_id AS id FROM host_object
                  WHERE host_id = ANY (hosts) AND kind = 'NIC' AND NOT removed)
    SELECT w.id, w.network_id, true FROM wanted w
        WHERE NOT EXISTS (SELECT FROM held h WHERE h.host_id = w.host_id AND h.id = w.id)
    UNION ALL
    SELECT h.id, NULL, false FROM held h
        WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.host_id = h.host_id AND w.id = h.id)
$function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.refresh_host_objects(of_host uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    d record;
BEGIN
    PERFORM 1 FROM host WHERE id = of_host FOR UPDATE;
    SELECT array_agg(kind) AS kinds, array_agg(object_id) AS ids, array_agg(coalesce(w.tenant_id, h.tenant_id)) AS tenants,
           array_agg(w.wanted IS NULL) AS gone INTO d
        FROM (SELECT o.kind, o.object_id, o.tenant_id, true AS wanted FROM wanted_host_objects(of_host) o) w
        FULL JOIN (SELECT o.kind, o.object_id, o.tenant_id, true AS held FROM host_object o
                   WHERE o.host_id = of_host AND NOT o.removed) h USING (kind, object_id)
        WHERE w.wanted IS NULL OR h.held IS NULL;
    PERFORM tell_difference(of_host, d.kinds, d.ids, d.tenants, d.gone);
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.refresh_host_sets(of_host uuid, of_tenant uuid, nics uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    d record;
BEGIN
    SELECT array_agg(kind) AS kinds, array_agg(object_id) AS ids, array_agg(of_tenant) AS tenants,
           array_agg(w.wanted IS NULL) AS gone INTO d
        FROM (SELECT o.kind, o.object_id, true AS wanted FROM wanted_host_sets(of_host, of_tenant, nics) o) w
        FULL JOIN (SELECT o.kind, o.object_id, true AS held FROM host_object o
                   WHERE o.host_id = of_host AND o.kind IN ('SECURITY_GROUP', 'GROUP_MEMBERS', 'ADDRESS_GROUP')
                     AND o.tenant_id = of_tenant AND NOT o.removed) h USING (kind, object_id)
        WHERE w.wanted IS NULL OR h.held IS NULL;
    PERFORM tell_difference(of_host, d.kinds, d.ids, d.tenants, d.gone);
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.set_host_tunnel(of_host uuid, spare_id uuid, new_device text, new_address inet, new_gateway inet, new_vlan integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    own_name text;
BEGIN
    -- All: what they share may change until they are locked, and a tunnel's end seldom does.
    PERFORM 1 FROM host ORDER BY id FOR UPDATE;
    SELECT name INTO own_name FROM host WHERE id = of_host;
    IF EXISTS (SELECT FROM uplink WHERE host_name <> own_name AND host(tunnel_address) = host(new_address)) THEN
        RETURN false;
    END IF;
    UPDATE uplink SET tunnel_address = NULL, tunnel_gateway = NULL, tunnel_vlan = 0
        WHERE host_name = own_name AND device IS DISTINCT FROM new_device;
    IF new_device IS NOT NULL THEN
        INSERT INTO uplink (id, host_name, device, tunnel_address, tunnel_gateway, tunnel_vlan)
            VALUES (spare_id, own_name, new_device, new_address, new_gateway, new_vlan)
            ON CONFLICT (host_name, device) DO UPDATE SET tunnel_address = excluded.tunnel_address,
                tunnel_gateway = excluded.tunnel_gateway, tunnel_vlan = excluded.tunnel_vlan;
    END IF;
    PERFORM refresh_host_objects(id) FROM (
        SELECT of_host AS id
        UNION SELECT o.host_id FROM host_object o
              JOIN host_object own ON own.host_id = of_host AND own.kind = 'NETWORK' AND NOT own.removed
              WHERE o.kind = 'NETWORK' AND o.object_id = own.object_id AND NOT o.removed) x ORDER BY id;
    PERFORM touch_host_objects('UPLINK', ARRAY(SELECT id FROM uplink WHERE host_name = own_name));
    PERFORM touch_host_objects('NETWORK',
        ARRAY(SELECT object_id FROM host_object WHERE host_id = of_host AND kind = 'NETWORK' AND NOT removed));
    PERFORM touch_host_objects('REMOTE_NIC',
        ARRAY(SELECT object_id FROM host_object WHERE host_id = of_host AND kind = 'NIC' AND NOT removed));
    DELETE FROM uplink u WHERE host_name = own_name AND tunnel_address IS NULL
        AND NOT EXISTS (SELECT FROM external_link l WHERE l.uplink_id = u.id);
    RETURN true;
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.take_public_address(new_id uuid, of_network uuid, for_router uuid, taken_at timestamp with time zone)
 RETURNS inet
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    free inet;
BEGIN
    PERFORM 1 FROM external_network WHERE id = of_network FOR NO KEY UPDATE;
    SELECT n.first_address + i INTO free
        FROM external_network n CROSS JOIN LATERAL generate_series(0, n.last_address - n.first_address) i
        WHERE n.id = of_network AND host(n.gateway)::inet <> n.first_address + i
          AND NOT EXISTS (SELECT FROM public_address p WHERE p.external_network_id = n.id AND p.ip = n.first_address + i)
        ORDER BY i LIMIT 1;
    IF free IS NOT NULL THEN
        INSERT INTO public_address (id, tenant_id, external_network_id, ip, router_id, created_at)
            VALUES (new_id, app_tenant(), of_network, free, for_router, taken_at);
    END IF;
    RETURN free;
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.tell_difference(of_host uuid, kinds text[], ids uuid[], tenants uuid[], gone boolean[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    next_revision bigint;
BEGIN
    IF coalesce(cardinality(ids), 0) = 0 THEN
        RETURN;
    END IF;
    UPDATE host SET desired_revision = desired_revision + 1 WHERE id = of_host RETURNING desired_revision INTO next_revision;
    INSERT INTO host_object (host_id, kind, object_id, tenant_id, revision, removed)
        SELECT of_host, d.kind, d.id, d.tenant, next_revision, d.gone
        FROM unnest(kinds, ids, tenants, gone) d (kind, id, tenant, gone)
        ON CONFLICT (host_id, kind, object_id) DO UPDATE SET removed = excluded.removed, revision = excluded.revision;
    INSERT INTO enforcement (host_id, revision, committed_at) VALUES (of_host, next_revision, clock_timestamp());
    PERFORM pg_notify('host', of_host::text);
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.tell_of_moving_nics(hosts uuid[], come uuid[], gone uuid[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
    WITH news AS (
            SELECT own.id AS host_id, c.id AS nic_id, c.tenant_id, false AS removed
            FROM nic c JOIN vm v ON v.id = c.vm_id
            JOIN host h ON h.id = v.host_id JOIN uplink there ON there.host_name = h.name AND there.tunnel_address IS NOT NULL
            JOIN host_object n ON n.kind = 'NETWORK' AND n.object_id = c.network_id AND NOT n.removed
            JOIN host own ON own.id = n.host_id JOIN uplink here ON here.host_name = own.name AND here.tunnel_address IS NOT NULL
            WHERE c.id = ANY (come) AND own.id = ANY (hosts) AND own.id <> v.host_id
            UNION ALL
            SELECT host_id, object_id, tenant_id, true FROM host_object
            WHERE kind = 'REMOTE_NIC' AND object_id = ANY (gone) AND host_id = ANY (hosts) AND NOT removed),
         told AS (UPDATE host SET desired_revision = desired_revision + 1 WHERE id IN (SELECT host_id FROM news)
                  RETURNING id, desired_revision),
         kept AS (INSERT INTO host_object (host_id, kind, object_id, tenant_id, revision, removed)
                  SELECT n.host_id, 'REMOTE_NIC', n.nic_id, n.tenant_id, t.desired_revision, n.removed
                  FROM news n JOIN told t ON t.id = n.host_id
                  ON CONFLICT (host_id, kind, object_id)
                  DO UPDATE SET removed = excluded.removed, revision = excluded.revision),
         counted AS (INSERT INTO enforcement (host_id, revision, committed_at)
                     SELECT id, desired_revision, clock_timestamp() FROM told)
    SELECT pg_notify('host', id::text) FROM told
$function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.touch_host_objects(object_kind text, object_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
    h record;
BEGIN
    FOR h IN
        SELECT id FROM host
        WHERE id IN (SELECT host_id FROM host_object WHERE kind = object_kind AND object_id = ANY (object_ids) AND NOT removed)
        ORDER BY id FOR UPDATE
    LOOP
        UPDATE host SET desired_revision = desired_revision + 1 WHERE id = h.id;
        UPDATE host_object o SET revision = (SELECT desired_revision FROM host WHERE id = h.id)
            WHERE o.host_id = h.id AND o.kind = object_kind AND o.object_id = ANY (object_ids) AND NOT o.removed;
        INSERT INTO enforcement (host_id, revision, committed_at)
            SELECT id, desired_revision, clock_timestamp() FROM host WHERE id = h.id;
        PERFORM pg_notify('host', h.id::text);
    END LOOP;
END $function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.wanted_host_objects(of_host uuid)
 RETURNS TABLE(kind text, object_id uuid, tenant_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
    WITH v AS (SELECT id, tenant_id FROM vm WHERE host_id = of_host AND deleting_since IS NULL),
         n AS (SELECT nic.id, nic.tenant_id, nic.network_id FROM nic JOIN v ON v.id = nic.vm_id),
         r AS (SELECT DISTINCT x.router_id AS id, x.tenant_id FROM router_network x JOIN n ON n.network_id = x.network_id),
         w AS (SELECT network_id AS id, tenant_id FROM n
               UNION SELECT x.network_id, x.tenant_id FROM router_network x JOIN r ON r.id = x.router_id),
         t AS (SELECT u.id FROM uplink u JOIN host h ON h.name = u.host_name AND h.id = of_host
               WHERE u.tunnel_address IS NOT NULL AND EXISTS (SELECT FROM n)),
         e AS (SELECT DISTINCT o.external_network_id AS id, l.uplink_id
               FROM r JOIN router o ON o.id = r.id
               JOIN external_link l ON l.external_network_id = o.external_network_id
               JOIN uplink u ON u.id = l.uplink_id
               JOIN host h ON h.name = u.host_name AND h.id = of_host),
         g AS (SELECT DISTINCT s.group_id AS id, s.tenant_id FROM nic_security_group s JOIN n ON n.id = s.nic_id),
         fallback AS (SELECT jsonb_array_elements(r.rules) AS rule, g.tenant_id
                      FROM g JOIN security_group sg ON sg.id = g.id
                      JOIN ruleset_revision r ON r.group_id = sg.id AND r.version = sg.fallback_version)
    SELECT 'VM', id, tenant_id FROM v
    UNION SELECT 'NIC', id, tenant_id FROM n
    UNION SELECT 'NETWORK', id, tenant_id FROM w
    UNION SELECT 'ROUTER', id, tenant_id FROM r
    UNION SELECT 'NETWORK', id, NULL FROM e
    UNION SELECT 'UPLINK', uplink_id, NULL FROM e
    UNION SELECT 'UPLINK', id, NULL FROM t
    UNION SELECT 'REMOTE_NIC', c.id, c.tenant_id
          FROM w JOIN nic c ON c.network_id = w.id
          JOIN vm m ON m.id = c.vm_id AND m.host_id <> of_host AND m.deleting_since IS NULL
          JOIN host h ON h.id = m.host_id
          JOIN uplink u ON u.host_name = h.name AND u.tunnel_address IS NOT NULL
          WHERE EXISTS (SELECT FROM t)
    UNION SELECT 'SECURITY_GROUP', id, tenant_id FROM g
    UNION SELECT 'GROUP_MEMBERS', r.remote_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_group_id IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', r.remote_address_group_id, r.tenant_id FROM rule r JOIN g ON g.id = r.group_id
          WHERE r.remote_address_group_id IS NOT NULL
    UNION SELECT 'GROUP_MEMBERS', (rule ->> 'remoteGroupId')::uuid, tenant_id FROM fallback WHERE rule ->> 'remoteGroupId' IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', (rule ->> 'remoteAddressGroupId')::uuid, tenant_id FROM fallback
          WHERE rule ->> 'remoteAddressGroupId' IS NOT NULL
$function$
 owner freehold_owner
CREATE OR REPLACE FUNCTION public.wanted_host_sets(of_host uuid, of_tenant uuid, nics uuid[])
 RETURNS TABLE(kind text, object_id uuid)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
BEGIN
    RETURN QUERY
    WITH g AS MATERIALIZED (
            SELECT c.id FROM (
                SELECT o.object_id AS id FROM host_object o
                WHERE o.host_id = of_host AND o.kind = 'SECURITY_GROUP' AND o.tenant_id = of_tenant AND NOT o.removed
                UNION SELECT x.group_id FROM unnest(nics) a (nic)
                CROSS JOIN LATERAL (SELECT y.group_id FROM nic_security_group y
                                    WHERE y.nic_id = a.nic AND y.tenant_id = of_tenant OFFSET 0) x) c
            WHERE (SELECT true FROM nic_security_group x
                   CROSS JOIN LATERAL (SELECT n.vm_id FROM nic n WHERE n.id = x.nic_id OFFSET 0) n
                   CROSS JOIN LATERAL (SELECT v.host_id, v.deleting_since FROM vm v WHERE v.id = n.vm_id OFFSET 0) v
                   WHERE x.group_id = c.id AND v.host_id = of_host AND v.deleting_since IS NULL LIMIT 1)),
         fallback AS (
            SELECT jsonb_array_elements(f.rules) AS rule FROM g
            CROSS JOIN LATERAL (SELECT r.rules FROM security_group s
                                JOIN ruleset_revision r ON r.group_id = s.id AND r.version = s.fallback_version
                                WHERE s.id = g.id OFFSET 0) f)
    SELECT 'SECURITY_GROUP', g.id FROM g
    UNION SELECT r.kind, r.object_id FROM g
          CROSS JOIN LATERAL (SELECT s.kind, s.object_id FROM security_group_reference s WHERE s.group_id = g.id OFFSET 0) r
    UNION SELECT 'GROUP_MEMBERS', (f.rule ->> 'remoteGroupId')::uuid FROM fallback f WHERE f.rule ->> 'remoteGroupId' IS NOT NULL
    UNION SELECT 'ADDRESS_GROUP', (f.rule ->> 'remoteAddressGroupId')::uuid FROM fallback f
          WHERE f.rule ->> 'remoteAddressGroupId' IS NOT NULL;
END $function$
 owner freehold_owner

-- Triggers
CREATE TRIGGER rule_hits_by_hour AFTER INSERT OR UPDATE OF connections ON public.rule_hits FOR EACH ROW EXECUTE FUNCTION add_rule_hits_to_hour()

-- Tables with row-level security
account
address
address_group
address_group_entry
audit_chain
audit_event
backup_key
backup_policy
backup_policy_label
backup_usage
fetched_file
fetched_piece
flow_record
host_object
host_question
image
image_file
member
nat_block
network
nic
nic_drop
nic_flow_loss
nic_security_group
nic_status
nic_traffic_day
nic_traffic_mark
notification
notification_channel
notification_delivery
notification_seen
operation
point_folder
public_address
quota
recovery_point
recovery_point_pin
recovery_point_volume
request_key
restore_drill
router
router_network
router_route
rule
rule_draft
rule_hits
rule_hits_hour
ruleset_revision
security_group
snapshot
snapshot_head
subnet
tenant
vm
vm_label
vm_status
volume

-- Policies
account.own_account_update for UPDATE to freehold_portal using ((id = app_user())) check ()
account.system_all for ALL to freehold_system using (true) check (true)
account.visible_accounts for SELECT to freehold_portal using (((id = app_user()) OR (EXISTS ( SELECT
   FROM member m
  WHERE ((m.account_id = account.id) AND (m.tenant_id = app_tenant())))))) check ()
address.system_all for ALL to freehold_system using (true) check (true)
address.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
address_group.system_all for ALL to freehold_system using (true) check (true)
address_group.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
address_group_entry.system_all for ALL to freehold_system using (true) check (true)
address_group_entry.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
audit_chain.system_all for ALL to freehold_system using (true) check (true)
audit_chain.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
audit_event.system_all for ALL to freehold_system using (true) check (true)
audit_event.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
backup_key.system_all for ALL to freehold_system using (true) check (true)
backup_key.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
backup_policy.system_all for ALL to freehold_system using (true) check (true)
backup_policy.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
backup_policy_label.system_all for ALL to freehold_system using (true) check (true)
backup_policy_label.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
backup_usage.system_all for ALL to freehold_system using (true) check (true)
backup_usage.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
fetched_file.system_all for ALL to freehold_system using (true) check (true)
fetched_file.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
fetched_piece.system_all for ALL to freehold_system using (true) check (true)
fetched_piece.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
flow_record.system_all for ALL to freehold_system using (true) check (true)
flow_record.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
host_object.system_all for ALL to freehold_system using (true) check (true)
host_object.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
host_question.system_all for ALL to freehold_system using (true) check (true)
host_question.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
image.system_all for ALL to freehold_system using (true) check (true)
image.visible_images for SELECT to freehold_portal using (((tenant_id IS NULL) OR (tenant_id = app_tenant()))) check ()
image_file.system_all for ALL to freehold_system using (true) check (true)
image_file.visible_image_files for SELECT to freehold_portal using ((EXISTS ( SELECT
   FROM image i
  WHERE (i.id = image_file.image_id)))) check ()
member.own_memberships for SELECT to freehold_portal using ((account_id = app_user())) check ()
member.own_tenant for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
member.system_all for ALL to freehold_system using (true) check (true)
nat_block.system_all for ALL to freehold_system using (true) check (true)
nat_block.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
network.system_all for ALL to freehold_system using (true) check (true)
network.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
nic.system_all for ALL to freehold_system using (true) check (true)
nic.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
nic_drop.system_all for ALL to freehold_system using (true) check (true)
nic_drop.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
nic_flow_loss.system_all for ALL to freehold_system using (true) check (true)
nic_flow_loss.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
nic_security_group.system_all for ALL to freehold_system using (true) check (true)
nic_security_group.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
nic_status.system_all for ALL to freehold_system using (true) check (true)
nic_status.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
nic_traffic_day.system_all for ALL to freehold_system using (true) check (true)
nic_traffic_day.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
nic_traffic_mark.system_all for ALL to freehold_system using (true) check (true)
nic_traffic_mark.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
notification.system_all for ALL to freehold_system using (true) check (true)
notification.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
notification_channel.system_all for ALL to freehold_system using (true) check (true)
notification_channel.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
notification_delivery.system_all for ALL to freehold_system using (true) check (true)
notification_delivery.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
notification_seen.system_all for ALL to freehold_system using (true) check (true)
notification_seen.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
operation.system_all for ALL to freehold_system using (true) check (true)
operation.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
point_folder.system_all for ALL to freehold_system using (true) check (true)
point_folder.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
public_address.system_all for ALL to freehold_system using (true) check (true)
public_address.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
quota.system_all for ALL to freehold_system using (true) check (true)
quota.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
recovery_point.system_all for ALL to freehold_system using (true) check (true)
recovery_point.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
recovery_point_pin.system_all for ALL to freehold_system using (true) check (true)
recovery_point_pin.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
recovery_point_volume.system_all for ALL to freehold_system using (true) check (true)
recovery_point_volume.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
request_key.system_all for ALL to freehold_system using (true) check (true)
request_key.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
restore_drill.system_all for ALL to freehold_system using (true) check (true)
restore_drill.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
router.system_all for ALL to freehold_system using (true) check (true)
router.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
router_network.system_all for ALL to freehold_system using (true) check (true)
router_network.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
router_route.system_all for ALL to freehold_system using (true) check (true)
router_route.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
rule.system_all for ALL to freehold_system using (true) check (true)
rule.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
rule_draft.own_drafts for ALL to freehold_portal using (((tenant_id = app_tenant()) AND (account_id = app_user()))) check (((tenant_id = app_tenant()) AND (account_id = app_user())))
rule_draft.system_all for ALL to freehold_system using (true) check (true)
rule_hits.system_all for ALL to freehold_system using (true) check (true)
rule_hits.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
rule_hits_hour.system_all for ALL to freehold_system using (true) check (true)
rule_hits_hour.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
ruleset_revision.system_all for ALL to freehold_system using (true) check (true)
ruleset_revision.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
security_group.system_all for ALL to freehold_system using (true) check (true)
security_group.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
snapshot.system_all for ALL to freehold_system using (true) check (true)
snapshot.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
snapshot_head.system_all for ALL to freehold_system using (true) check (true)
snapshot_head.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
subnet.system_all for ALL to freehold_system using (true) check (true)
subnet.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
tenant.own_tenant_update for UPDATE to freehold_portal using ((id = app_tenant())) check ()
tenant.own_tenants for SELECT to freehold_portal using (((id = app_tenant()) OR (EXISTS ( SELECT
   FROM member m
  WHERE ((m.tenant_id = tenant.id) AND (m.account_id = app_user())))))) check ()
tenant.system_all for ALL to freehold_system using (true) check (true)
vm.system_all for ALL to freehold_system using (true) check (true)
vm.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
vm_label.system_all for ALL to freehold_system using (true) check (true)
vm_label.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
vm_status.system_all for ALL to freehold_system using (true) check (true)
vm_status.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))
volume.system_all for ALL to freehold_system using (true) check (true)
volume.tenant_only for ALL to freehold_portal using ((tenant_id = app_tenant())) check ((tenant_id = app_tenant()))

-- Grants
account: SELECT to freehold_portal
account: DELETE, INSERT, SELECT, UPDATE to freehold_system
address: DELETE, INSERT, SELECT, UPDATE to freehold_portal
address: DELETE, INSERT, SELECT, UPDATE to freehold_system
address_group: DELETE, INSERT, SELECT, UPDATE to freehold_portal
address_group: DELETE, INSERT, SELECT, UPDATE to freehold_system
address_group_entry: DELETE, INSERT, SELECT, UPDATE to freehold_portal
address_group_entry: DELETE, INSERT, SELECT, UPDATE to freehold_system
audit_chain: SELECT to freehold_portal
audit_chain: SELECT to freehold_system
audit_event: SELECT to freehold_portal
audit_event: SELECT to freehold_system
backup_key: DELETE, INSERT, SELECT, UPDATE to freehold_system
backup_policy: DELETE, INSERT, SELECT, UPDATE to freehold_portal
backup_policy: DELETE, INSERT, SELECT, UPDATE to freehold_system
backup_policy_label: DELETE, INSERT, SELECT, UPDATE to freehold_portal
backup_policy_label: SELECT to freehold_system
backup_store: DELETE, INSERT, SELECT, UPDATE to freehold_system
backup_usage: SELECT to freehold_portal
backup_usage: DELETE, INSERT, SELECT, UPDATE to freehold_system
enforcement: SELECT to freehold_portal
enforcement: DELETE, INSERT, SELECT, UPDATE to freehold_system
external_link: DELETE, INSERT, SELECT, UPDATE to freehold_system
external_network: SELECT to freehold_portal
external_network: DELETE, INSERT, SELECT, UPDATE to freehold_system
fetched_file: DELETE, INSERT, SELECT to freehold_portal
fetched_file: DELETE, INSERT, SELECT, UPDATE to freehold_system
fetched_piece: SELECT to freehold_portal
fetched_piece: DELETE, INSERT, SELECT, UPDATE to freehold_system
flavor: SELECT to freehold_portal
flavor: DELETE, INSERT, SELECT, UPDATE to freehold_system
flow_record: SELECT to freehold_portal
flow_record: DELETE, INSERT, SELECT, UPDATE to freehold_system
flow_stream: DELETE, INSERT, SELECT, UPDATE to freehold_system
host: DELETE, INSERT, SELECT, UPDATE to freehold_system
host_certificate: DELETE, INSERT, SELECT, UPDATE to freehold_system
host_enrolment_token: DELETE, INSERT, SELECT, UPDATE to freehold_system
host_object: SELECT to freehold_portal
host_object: DELETE, INSERT, SELECT, UPDATE to freehold_system
host_question: INSERT, SELECT to freehold_portal
host_question: DELETE, SELECT, UPDATE to freehold_system
image: SELECT to freehold_portal
image: DELETE, INSERT, SELECT, UPDATE to freehold_system
image_file: SELECT to freehold_portal
image_file: DELETE, INSERT, SELECT, UPDATE to freehold_system
member: DELETE, INSERT, SELECT, UPDATE to freehold_portal
member: DELETE, INSERT, SELECT, UPDATE to freehold_system
nat_block: DELETE, INSERT, SELECT to freehold_portal
nat_block: DELETE, INSERT, SELECT, UPDATE to freehold_system
network: DELETE, INSERT, SELECT, UPDATE to freehold_portal
network: DELETE, INSERT, SELECT, UPDATE to freehold_system
network_vni: USAGE to freehold_portal
network_vni: USAGE to freehold_system
nic: DELETE, INSERT, SELECT, UPDATE to freehold_portal
nic: DELETE, INSERT, SELECT, UPDATE to freehold_system
nic_drop: SELECT to freehold_portal
nic_drop: DELETE, INSERT, SELECT, UPDATE to freehold_system
nic_enforcement: SELECT to freehold_portal
nic_enforcement: SELECT to freehold_system
nic_flow_loss: SELECT to freehold_portal
nic_flow_loss: DELETE, INSERT, SELECT, UPDATE to freehold_system
nic_security_group: DELETE, INSERT, SELECT, UPDATE to freehold_portal
nic_security_group: DELETE, INSERT, SELECT, UPDATE to freehold_system
nic_status: SELECT to freehold_portal
nic_status: DELETE, INSERT, SELECT, UPDATE to freehold_system
nic_traffic_day: SELECT to freehold_portal
nic_traffic_day: DELETE, INSERT, SELECT, UPDATE to freehold_system
nic_traffic_mark: DELETE, INSERT, SELECT, UPDATE to freehold_system
notification: INSERT, SELECT to freehold_portal
notification: DELETE, INSERT, SELECT, UPDATE to freehold_system
notification_channel: DELETE, INSERT, UPDATE to freehold_portal
notification_channel: DELETE, INSERT, SELECT, UPDATE to freehold_system
notification_delivery: INSERT, SELECT to freehold_portal
notification_delivery: DELETE, INSERT, SELECT, UPDATE to freehold_system
notification_seen: INSERT, SELECT, UPDATE to freehold_portal
notification_seen: DELETE, INSERT, SELECT, UPDATE to freehold_system
operation: INSERT, SELECT, UPDATE to freehold_portal
operation: DELETE, INSERT, SELECT, UPDATE to freehold_system
point_folder: SELECT to freehold_portal
point_folder: DELETE, INSERT, SELECT, UPDATE to freehold_system
provider_audit_event: INSERT, SELECT to freehold_system
public_address: DELETE, SELECT to freehold_portal
public_address: DELETE, INSERT, SELECT, UPDATE to freehold_system
quota: SELECT to freehold_portal
quota: DELETE, INSERT, SELECT, UPDATE to freehold_system
recovery_point: SELECT to freehold_portal
recovery_point: DELETE, INSERT, SELECT, UPDATE to freehold_system
recovery_point_pin: DELETE, INSERT, SELECT to freehold_portal
recovery_point_pin: DELETE, INSERT, SELECT, UPDATE to freehold_system
recovery_point_volume: SELECT to freehold_portal
recovery_point_volume: DELETE, INSERT, SELECT, UPDATE to freehold_system
request_key: DELETE, INSERT, SELECT, UPDATE to freehold_portal
request_key: DELETE, INSERT, SELECT, UPDATE to freehold_system
restore_drill: SELECT to freehold_portal
restore_drill: DELETE, INSERT, SELECT, UPDATE to freehold_system
router: DELETE, INSERT, SELECT, UPDATE to freehold_portal
router: DELETE, INSERT, SELECT, UPDATE to freehold_system
router_network: DELETE, INSERT, SELECT, UPDATE to freehold_portal
router_network: DELETE, INSERT, SELECT, UPDATE to freehold_system
router_route: DELETE, INSERT, SELECT, UPDATE to freehold_portal
router_route: DELETE, INSERT, SELECT, UPDATE to freehold_system
rule: DELETE, INSERT, SELECT, UPDATE to freehold_portal
rule: DELETE, INSERT, SELECT, UPDATE to freehold_system
rule_draft: DELETE, INSERT, SELECT, UPDATE to freehold_portal
rule_draft: DELETE, INSERT, SELECT, UPDATE to freehold_system
rule_hits: SELECT to freehold_portal
rule_hits: DELETE, INSERT, SELECT, UPDATE to freehold_system
rule_hits_hour: SELECT to freehold_portal
rule_hits_hour: DELETE, INSERT, SELECT, UPDATE to freehold_system
ruleset_revision: INSERT, SELECT, UPDATE to freehold_portal
ruleset_revision: DELETE, INSERT, SELECT, UPDATE to freehold_system
scheduled_tasks: DELETE, INSERT, SELECT, UPDATE to freehold_system
security_group: DELETE, INSERT, SELECT, UPDATE to freehold_portal
security_group: DELETE, INSERT, SELECT, UPDATE to freehold_system
security_group_reference: SELECT to freehold_portal
security_group_reference: SELECT to freehold_system
sign_in_link: DELETE, INSERT, SELECT, UPDATE to freehold_system
snapshot: SELECT to freehold_portal
snapshot: DELETE, INSERT, SELECT, UPDATE to freehold_system
snapshot_head: SELECT to freehold_portal
snapshot_head: DELETE, INSERT, SELECT, UPDATE to freehold_system
spring_session: DELETE, INSERT, SELECT, UPDATE to freehold_system
spring_session_attributes: DELETE, INSERT, SELECT, UPDATE to freehold_system
subnet: DELETE, INSERT, SELECT, UPDATE to freehold_portal
subnet: DELETE, INSERT, SELECT, UPDATE to freehold_system
tenant: SELECT to freehold_portal
tenant: DELETE, INSERT, SELECT, UPDATE to freehold_system
throttle_bucket: DELETE, INSERT, SELECT, UPDATE to freehold_system
uplink: DELETE, INSERT, SELECT, UPDATE to freehold_system
vm: DELETE, INSERT, SELECT, UPDATE to freehold_portal
vm: DELETE, INSERT, SELECT, UPDATE to freehold_system
vm_label: DELETE, INSERT, SELECT, UPDATE to freehold_portal
vm_label: SELECT to freehold_system
vm_status: SELECT to freehold_portal
vm_status: DELETE, INSERT, SELECT, UPDATE to freehold_system
volume: DELETE, INSERT, SELECT, UPDATE to freehold_portal
volume: DELETE, INSERT, SELECT, UPDATE to freehold_system

-- Column grants
account(display_name): UPDATE to freehold_portal
account(password_hash): UPDATE to freehold_portal
backup_store(host_id): SELECT to freehold_portal
backup_store(id): SELECT to freehold_portal
backup_store(kind): SELECT to freehold_portal
backup_store(name): SELECT to freehold_portal
backup_store(retired_at): SELECT to freehold_portal
fetched_file(downloaded_at): UPDATE to freehold_portal
fetched_file(expires_at): UPDATE to freehold_portal
host(applied_at): SELECT to freehold_portal
host(applied_revision): SELECT to freehold_portal
host(capacity_memory_mib): SELECT to freehold_portal
host(capacity_vcpus): SELECT to freehold_portal
host(desired_revision): SELECT to freehold_portal
host(epoch): SELECT to freehold_portal
host(id): SELECT to freehold_portal
host(last_seen_at): SELECT to freehold_portal
host(name): SELECT to freehold_portal
host(pools): SELECT to freehold_portal
notification_channel(account_id): SELECT to freehold_portal
notification_channel(created_at): SELECT to freehold_portal
notification_channel(enabled): SELECT to freehold_portal
notification_channel(id): SELECT to freehold_portal
notification_channel(kind): SELECT to freehold_portal
notification_channel(kinds): SELECT to freehold_portal
notification_channel(name): SELECT to freehold_portal
notification_channel(tenant_id): SELECT to freehold_portal
notification_channel(url): SELECT to freehold_portal
notification_channel(version): SELECT to freehold_portal
public_address(nic_id): UPDATE to freehold_portal
public_address(version): UPDATE to freehold_portal
recovery_point(note): UPDATE to freehold_portal
recovery_point(protected): UPDATE to freehold_portal
recovery_point(removed_at): UPDATE to freehold_portal
recovery_point(removed_by): UPDATE to freehold_portal
recovery_point(version): UPDATE to freehold_portal
snapshot(description): UPDATE to freehold_portal
tenant(name): UPDATE to freehold_portal
tenant(time_zone): UPDATE to freehold_portal

-- Function grants
add_rule_hits_to_hour(): public
app_tenant(): public
app_user(): public
audit_append(uuid,uuid,timestamp with time zone,text,uuid,text,text,text,uuid,text,jsonb,jsonb,uuid,inet): freehold_portal, freehold_system
audit_event_hash(audit_event): public
change_hosts(uuid,text[],uuid[],text[],uuid[],uuid[],uuid[]): freehold_portal, freehold_system
enforcement_of_nics(uuid[]): freehold_portal, freehold_system
host_with_room(integer,bigint,uuid): owner only
lock_host_changes(uuid): owner only
moving_nics(uuid[]): owner only
refresh_host_objects(uuid): freehold_portal, freehold_system
refresh_host_sets(uuid,uuid,uuid[]): owner only
set_host_tunnel(uuid,uuid,text,inet,inet,integer): freehold_system
take_public_address(uuid,uuid,uuid,timestamp with time zone): freehold_portal
tell_difference(uuid,text[],uuid[],uuid[],boolean[]): owner only
tell_of_moving_nics(uuid[],uuid[],uuid[]): owner only
touch_host_objects(text,uuid[]): freehold_portal, freehold_system
wanted_host_objects(uuid): owner only
wanted_host_sets(uuid,uuid,uuid[]): owner only
