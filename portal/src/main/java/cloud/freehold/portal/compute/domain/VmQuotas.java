package cloud.freehold.portal.compute.domain;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.QuotaUse;
import cloud.freehold.portal.tenancy.TenantLock;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** What a tenant may use and uses. */
@Component
class VmQuotas {

    private static final Map<String, String> LABELS = Map.of(
            "VMS",
            "VMs",
            "VCPUS",
            "vCPUs",
            "MEMORY_MIB",
            "Memory",
            "VOLUME_GIB",
            "Disks",
            "SECURITY_GROUPS",
            "Security groups",
            "ADDRESS_GROUPS",
            "Address groups",
            "PUBLIC_ADDRESSES",
            "Public addresses");

    private static final String USE = """
            select q.resource, q.limit_value, case q.resource
                when 'VMS' then (select count(*) from vm where tenant_id = :tenant)
                when 'VCPUS' then (select coalesce(sum(vcpus), 0) from vm where tenant_id = :tenant)
                when 'MEMORY_MIB' then (select coalesce(sum(memory_mib), 0) from vm where tenant_id = :tenant)
                when 'VOLUME_GIB' then (select coalesce(sum(size_bytes) / 1073741824, 0) from volume where tenant_id = :tenant)
                when 'SECURITY_GROUPS' then (select count(*) from security_group where tenant_id = :tenant)
                when 'ADDRESS_GROUPS' then (select count(*) from address_group where tenant_id = :tenant)
                when 'PUBLIC_ADDRESSES' then (select count(*) from public_address where tenant_id = :tenant) end as used
            from quota q
            where q.tenant_id = :tenant and q.resource in
                ('VMS', 'VCPUS', 'MEMORY_MIB', 'VOLUME_GIB', 'SECURITY_GROUPS', 'ADDRESS_GROUPS', 'PUBLIC_ADDRESSES')
            order by array_position(array['VMS', 'VCPUS', 'MEMORY_MIB', 'VOLUME_GIB', 'SECURITY_GROUPS', 'ADDRESS_GROUPS',
                                          'PUBLIC_ADDRESSES'], q.resource)
            """;

    private final JdbcClient jdbc;
    private final TenantLock lock;

    VmQuotas(JdbcClient jdbc, TenantLock lock) {
        this.jdbc = jdbc;
        this.lock = lock;
    }

    List<QuotaUse> use(TenantId tenant) {
        return jdbc.sql(USE)
                .param("tenant", tenant.value())
                .query((row, number) -> {
                    String resource = row.getString("resource");
                    boolean memory = resource.equals("MEMORY_MIB");
                    return new QuotaUse(
                            resource,
                            LABELS.getOrDefault(resource, resource),
                            row.getLong("used"),
                            row.getLong("limit_value"),
                            memory ? "MiB" : resource.equals("VOLUME_GIB") ? "GiB" : "");
                })
                .list();
    }

    void require(TenantId tenant, FlavorRow flavor, long diskGib) {
        require(
                tenant,
                Map.of(
                        "VMS",
                        1L,
                        "VCPUS",
                        (long) flavor.vcpus(),
                        "MEMORY_MIB",
                        flavor.memoryMib(),
                        "VOLUME_GIB",
                        diskGib));
    }

    /**
     * Requests of one tenant count one after another, so that together they cannot exceed what each alone may use.
     *
     * @param needed more of each resource
     */
    void require(TenantId tenant, Map<String, Long> needed) {
        lock.take(tenant);
        for (QuotaUse use : use(tenant)) {
            long more = needed.getOrDefault(use.resource(), 0L);
            if (more > 0 && use.used() + more > use.limit()) {
                String unit = use.unit().isEmpty() ? "" : " " + use.unit();
                throw new CapacityException(
                        "quota.exceeded",
                        "Your quota of " + use.limit() + unit + " (" + use.label() + ") is not enough: " + use.used()
                                + unit
                                + " are used and this needs " + more + unit
                                + ". Delete what you no longer need, or ask the provider for a higher quota.");
            }
        }
    }
}
