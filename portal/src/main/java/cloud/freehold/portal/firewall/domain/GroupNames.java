package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.AddressGroupId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The names that a tenant's rules may refer to. */
@Component
public class GroupNames {

    private final SecurityGroupRows groups;
    private final JdbcClient jdbc;

    GroupNames(SecurityGroupRows groups, JdbcClient jdbc) {
        this.groups = groups;
        this.jdbc = jdbc;
    }

    @Transactional(readOnly = true)
    public RemoteNames of(TenantId tenant) {
        Map<AddressGroupId, String> addressGroups = new LinkedHashMap<>();
        jdbc.sql("SELECT id, name FROM address_group WHERE tenant_id = ? ORDER BY name, id")
                .param(tenant.value())
                .query(row -> {
                    addressGroups.put(new AddressGroupId(row.getObject("id", UUID.class)), row.getString("name"));
                });
        return new RemoteNames(groups.names(tenant), addressGroups);
    }
}
