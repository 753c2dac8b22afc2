package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.NetworkNic;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NicSettings;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The NICs in networks. */
@Component
class StoredNics {

    private final JdbcClient jdbc;
    private final NicAddresses addresses;
    private final Borders borders;
    private final HostChanges hosts;
    private final Uuid7 ids;
    private final Clock clock;

    StoredNics(JdbcClient jdbc, NicAddresses addresses, Borders borders, HostChanges hosts, Uuid7 ids, Clock clock) {
        this.jdbc = jdbc;
        this.addresses = addresses;
        this.borders = borders;
        this.hosts = hosts;
        this.ids = ids;
        this.clock = clock;
    }

    List<NetworkNic> in(TenantId tenant, NetworkId network) {
        return jdbc.sql("""
                        select c.id, c.vm_id, v.name, c.device_index, c.mac::text as mac, c.port_security, s.link,
                               array(select host(a.ip) from address a where a.nic_id = c.id
                                     order by family(a.ip), a.ip) as addresses
                        from nic c join vm v on v.id = c.vm_id
                        left join nic_status s on s.nic_id = c.id
                        where c.tenant_id = :tenant and c.network_id = :network and v.deleting_since is null
                        order by v.name, c.device_index
                        """)
                .param("tenant", tenant.value())
                .param("network", network.value())
                .query((row, number) -> new NetworkNic(
                        row.getObject("id", UUID.class),
                        row.getObject("vm_id", UUID.class),
                        row.getString("name"),
                        row.getInt("device_index"),
                        row.getString("mac"),
                        NetworkRows.texts(row, "addresses"),
                        row.getString("link"),
                        row.getBoolean("port_security")))
                .list();
    }

    UUID plug(TenantId tenant, NetworkId network, UUID vm, int index) {
        UUID nic = ids.next();
        MacAddress mac = MacAddress.random();
        jdbc.sql("""
                        insert into nic (id, tenant_id, vm_id, network_id, device_index, mac, connection_quota, created_at)
                        select :id, :tenant, :vm, :network, :index, :mac::macaddr,
                               coalesce((select limit_value from quota
                                         where tenant_id = :tenant and resource = 'CONNECTIONS_PER_NIC'), 65536), :now
                        """)
                .param("id", nic)
                .param("tenant", tenant.value())
                .param("vm", vm)
                .param("network", network.value())
                .param("index", index)
                .param("mac", mac.toString())
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        addresses.allocate(tenant, network, nic, mac);
        borders.fit(tenant, network);
        return nic;
    }

    void configure(TenantId tenant, UUID nic, NicSettings settings) {
        List<String> allowed = allowed(tenant, nic, settings.allowedAddresses());
        jdbc.sql("""
                        update nic set port_security = :security, allowed_address_pairs = :allowed::cidr[],
                               version = version + 1
                        where tenant_id = :tenant and id = :nic
                        """)
                .param("security", settings.portSecurity())
                .param("allowed", allowed.toArray(String[]::new))
                .param("tenant", tenant.value())
                .param("nic", nic)
                .update();
        hosts.touched(ObjectKind.NIC, nic);
        hosts.touched(ObjectKind.REMOTE_NIC, nic);
    }

    /** A single address is delivered to the NIC that may send from it, so it is nobody else's. */
    private List<String> allowed(TenantId tenant, UUID nic, List<String> wanted) {
        if (wanted.size() > Networks.MOST_ALLOWED_ADDRESSES) {
            throw allowedError("At most " + Networks.MOST_ALLOWED_ADDRESSES + " addresses and prefixes fit.");
        }
        List<String> allowed = new ArrayList<>();
        for (String each : wanted) {
            String text = each.strip();
            IpRange range = (text.contains("/") ? IpRange.prefix(text) : IpRange.address(text))
                    .orElseThrow(() -> allowedError("“" + text
                            + "” is neither an address nor a prefix without bits beyond its length, such as 10.0.0.40 or"
                            + " 192.168.0.0/16."));
            if (range.length() == range.bits()) {
                holder(tenant, nic, text).ifPresent(other -> {
                    throw allowedError(text + " belongs to " + other
                            + " already, and packets to it can have one destination only. Take it away there first.");
                });
            }
            allowed.add(text);
        }
        return allowed;
    }

    private Optional<String> holder(TenantId tenant, UUID nic, String address) {
        return jdbc.sql("""
                        select coalesce(
                            (select 'the gateway of ' || w.name from subnet s where s.network_id = me.network_id
                                and s.gateway = :address::inet limit 1),
                            (select v.name || '/eth' || c.device_index from nic c join vm v on v.id = c.vm_id
                             where c.network_id = me.network_id and c.id <> me.id
                               and (exists (select from address a where a.nic_id = c.id and a.ip = :address::inet)
                                    or :address::cidr = any (c.allowed_address_pairs)) limit 1)) as holder
                        from nic me join network w on w.id = me.network_id
                        where me.tenant_id = :tenant and me.id = :nic
                        """)
                .param("address", address)
                .param("tenant", tenant.value())
                .param("nic", nic)
                .query((row, number) -> Optional.ofNullable(row.getString("holder")))
                .single();
    }

    private static InvalidInputException allowedError(String why) {
        return InvalidInputException.field("nic.allowed", "allowed", why);
    }

    void unplug(TenantId tenant, UUID nic) {
        List<UUID> groups = groupsOf(tenant, nic);
        List<UUID> host = jdbc.sql("""
                        select v.host_id from nic c join vm v on v.id = c.vm_id
                        where c.tenant_id = :tenant and c.id = :nic and v.host_id is not null
                        """)
                .param("tenant", tenant.value())
                .param("nic", nic)
                .query(UUID.class)
                .list();
        jdbc.sql("delete from nic where tenant_id = :tenant and id = :nic")
                .param("tenant", tenant.value())
                .param("nic", nic)
                .update();
        hosts.touched(ObjectKind.GROUP_MEMBERS, groups);
        hosts.rearranged(host);
    }

    /** Also those of VMs that are being deleted. */
    void removeAll(TenantId tenant, NetworkId network) {
        all(tenant, network).forEach(nic -> unplug(tenant, nic));
    }

    private List<UUID> all(TenantId tenant, NetworkId network) {
        return jdbc.sql("select id from nic where tenant_id = :tenant and network_id = :network order by id")
                .param("tenant", tenant.value())
                .param("network", network.value())
                .query(UUID.class)
                .list();
    }

    private List<UUID> groupsOf(TenantId tenant, UUID nic) {
        return jdbc.sql("select group_id from nic_security_group where tenant_id = :tenant and nic_id = :nic")
                .param("tenant", tenant.value())
                .param("nic", nic)
                .query(UUID.class)
                .list();
    }

    /** The addresses of all NICs of the network have changed: for them, and for rules that refer to their groups. */
    void readdressed(TenantId tenant, NetworkId network) {
        List<UUID> nics = all(tenant, network);
        hosts.touched(ObjectKind.NIC, nics);
        hosts.touched(ObjectKind.REMOTE_NIC, nics);
        nics.forEach(nic -> hosts.touched(ObjectKind.GROUP_MEMBERS, groupsOf(tenant, nic)));
    }
}
