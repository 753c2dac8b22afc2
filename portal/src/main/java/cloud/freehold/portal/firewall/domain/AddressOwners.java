package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Names the VM behind an address, so that a rule for 10.0.0.4 says "web". */
@Component
public class AddressOwners {

    private final JdbcClient jdbc;

    AddressOwners(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** A VM that has an address. */
    public record Owner(UUID vmId, String name) {}

    @Transactional(readOnly = true)
    public Map<Cidr, Owner> of(TenantId tenant, Collection<Cidr> addresses) {
        String[] single = addresses.stream()
                .filter(Cidr::isSingleAddress)
                .map(Cidr::display)
                .toArray(String[]::new);
        Map<Cidr, Owner> owners = new HashMap<>();
        if (single.length > 0) {
            jdbc.sql("SELECT host(a.ip) AS ip, v.id, v.name FROM address a JOIN nic n ON n.id = a.nic_id"
                            + " JOIN vm v ON v.id = n.vm_id WHERE a.tenant_id = ? AND a.ip = ANY (?::inet[])")
                    .params(tenant.value(), single)
                    .query(row -> {
                        owners.put(
                                Cidr.parse(row.getString("ip")),
                                new Owner(row.getObject("id", UUID.class), row.getString("name")));
                    });
        }
        return owners;
    }
}
