package cloud.freehold.portal.network.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.network.ExternalNetwork;
import cloud.freehold.portal.network.ExternalNetworkId;
import cloud.freehold.portal.network.FloatingIp;
import cloud.freehold.portal.network.FloatingIpId;
import cloud.freehold.portal.network.FloatingIps;
import cloud.freehold.portal.tenancy.CreatedOnce;
import cloud.freehold.portal.tenancy.TenantLock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional
class StoredFloatingIps implements FloatingIps {

    /** What an idempotency key stands for. */
    private record Allocating(ExternalNetworkId network) {}

    private final FloatingIpRows rows;
    private final PublicAddresses addresses;
    private final Borders borders;
    private final CreatedOnce createdOnce;
    private final TenantLock lock;
    private final HostChanges hosts;
    private final LiveEvents live;
    private final AuditTrail audit;

    StoredFloatingIps(
            FloatingIpRows rows,
            PublicAddresses addresses,
            Borders borders,
            CreatedOnce createdOnce,
            TenantLock lock,
            HostChanges hosts,
            LiveEvents live,
            AuditTrail audit) {
        this.rows = rows;
        this.addresses = addresses;
        this.borders = borders;
        this.createdOnce = createdOnce;
        this.lock = lock;
        this.hosts = hosts;
        this.live = live;
        this.audit = audit;
    }

    @Override
    @Transactional(readOnly = true)
    public List<ExternalNetwork> externalNetworks() {
        return addresses.networks();
    }

    @Override
    @Transactional(readOnly = true)
    public List<FloatingIp> list(TenantId tenant) {
        return rows.list(tenant);
    }

    @Override
    @Transactional(readOnly = true)
    public FloatingIp get(TenantId tenant, FloatingIpId id) {
        return rows.get(tenant, id);
    }

    @Override
    @Transactional(readOnly = true)
    public List<Candidate> candidates(TenantId tenant) {
        return rows.candidates(tenant);
    }

    @Override
    @Transactional(readOnly = true)
    public Use use(TenantId tenant) {
        return addresses.use(tenant);
    }

    @Override
    public FloatingIpId allocate(TenantId tenant, ExternalNetworkId network, @Nullable String idempotencyKey) {
        return new FloatingIpId(
                createdOnce.once(tenant, idempotencyKey, new Allocating(network), () -> insert(tenant, network)));
    }

    private UUID insert(TenantId tenant, ExternalNetworkId network) {
        ExternalNetwork known = borders.known(network);
        UUID id = addresses.take(tenant, known, null);
        audit.record(
                tenant,
                AuditEntry.of(
                                "floating-ip.allocated",
                                "floating-ip",
                                id,
                                rows.get(tenant, new FloatingIpId(id)).address())
                        .after(Map.of("network", known.name())));
        live.publish(tenant, LiveTopic.NETWORKS);
        return id;
    }

    @Override
    public void attach(TenantId tenant, FloatingIpId id, UUID nic, @Nullable Long expectedVersion) {
        lock.take(tenant);
        FloatingIp before = find(tenant, id, expectedVersion);
        if (before.holder() != null && before.holder().nicId().equals(nic)) {
            return;
        }
        Candidate candidate = rows.candidates(tenant).stream()
                .filter(each -> each.nicId().equals(nic))
                .findFirst()
                .orElseThrow(() -> refused("Choose a NIC of the list: one with an IPv4 address."));
        if (candidate.has() != null) {
            throw refused(candidate.name() + " has the floating IP " + candidate.has() + " already. Detach it first.");
        }
        if (!before.network().id().equals(candidate.reaches())) {
            throw refused("The network of " + candidate.name() + " has no router that leads to "
                    + before.network().name() + ". Give its router that external network first.");
        }
        rows.give(tenant, id, nic);
        tell(tenant, "floating-ip.attached", before, rows.get(tenant, id));
    }

    @Override
    public void detach(TenantId tenant, FloatingIpId id, @Nullable Long expectedVersion) {
        lock.take(tenant);
        FloatingIp before = find(tenant, id, expectedVersion);
        if (before.holder() != null) {
            rows.give(tenant, id, null);
            tell(tenant, "floating-ip.detached", before, rows.get(tenant, id));
        }
    }

    @Override
    public void release(TenantId tenant, FloatingIpId id, @Nullable Long expectedVersion) {
        lock.take(tenant);
        FloatingIp before = find(tenant, id, expectedVersion);
        rows.delete(tenant, id);
        tell(tenant, "floating-ip.released", before, null);
    }

    /** The NIC that has it, and the one that had it. */
    private void tell(TenantId tenant, String action, FloatingIp before, @Nullable FloatingIp after) {
        AuditEntry entry = AuditEntry.of(action, "floating-ip", before.id().value(), before.address())
                .before(state(before));
        audit.record(tenant, after == null ? entry : entry.after(state(after)));
        touch(before);
        if (after != null) {
            touch(after);
        }
        live.publish(tenant, LiveTopic.NETWORKS, LiveTopic.NICS);
    }

    private void touch(FloatingIp ip) {
        if (ip.holder() != null) {
            hosts.touched(ObjectKind.NIC, ip.holder().nicId());
        }
    }

    private static Map<String, Object> state(FloatingIp ip) {
        return Map.of(
                "network",
                ip.network().name(),
                "attached to",
                ip.holder() == null ? "nothing" : ip.holder().name());
    }

    private FloatingIp find(TenantId tenant, FloatingIpId id, @Nullable Long expectedVersion) {
        FloatingIp ip = rows.get(tenant, id);
        StaleVersionException.check("floating IP", expectedVersion, ip.version());
        return ip;
    }

    private static InvalidInputException refused(String why) {
        return InvalidInputException.field("floating-ip.nic", "nic", why);
    }
}
