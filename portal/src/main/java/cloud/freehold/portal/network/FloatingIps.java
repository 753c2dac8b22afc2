package cloud.freehold.portal.network;

import cloud.freehold.portal.common.TenantId;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's public addresses. One is allocated from an external network, attached to a NIC and detached as often as
 * wanted, and released. Where an expected version is taken, null means whatever it is.
 */
public interface FloatingIps {

    /** Those of the provider, by name; empty: no host has an uplink. */
    List<ExternalNetwork> externalNetworks();

    /** In order of address. */
    List<FloatingIp> list(TenantId tenant);

    FloatingIp get(TenantId tenant, FloatingIpId id);

    /**
     * @param idempotencyKey repeating a request with the same key creates nothing anew; null for none
     * @throws cloud.freehold.portal.common.CapacityException when the quota or the external network is used up
     */
    FloatingIpId allocate(TenantId tenant, ExternalNetworkId network, @Nullable String idempotencyKey);

    /** From whoever has it now. The NIC's router must lead to the external network. */
    void attach(TenantId tenant, FloatingIpId id, UUID nic, @Nullable Long expectedVersion);

    void detach(TenantId tenant, FloatingIpId id, @Nullable Long expectedVersion);

    /** The address goes back to the provider; somebody else may get it. */
    void release(TenantId tenant, FloatingIpId id, @Nullable Long expectedVersion);

    /** NICs, and what stands against attaching a floating IP of that network to each. */
    List<Candidate> candidates(TenantId tenant);

    /** How many public addresses the tenant has, those that its routers share out included, and may have. */
    Use use(TenantId tenant);

    record Use(long used, long limit) {}

    /**
     * @param reaches the external network that the NIC's router leads to; null: none
     * @param has the floating IP that it has already; null: none
     */
    record Candidate(
            UUID nicId,
            String name,
            String inside,
            @Nullable ExternalNetworkId reaches,
            @Nullable String has) {}
}
