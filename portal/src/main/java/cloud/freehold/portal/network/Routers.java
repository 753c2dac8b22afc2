package cloud.freehold.portal.network;

import cloud.freehold.portal.common.TenantId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's routers. Whoever changes one changes it whole in one transaction: name, networks and routes fit together or
 * nothing is saved. Hosts follow by themselves.
 */
public interface Routers {

    /** What a host's dataplane takes. */
    int MOST_NETWORKS = 32;

    int MOST_ROUTES = 64;

    /** By name. */
    List<Router> list(TenantId tenant);

    Router get(TenantId tenant, RouterId id);

    /**
     * @param idempotencyKey repeating a request with the same key creates nothing anew; null for none
     * @throws cloud.freehold.portal.common.InvalidInputException when subnets overlap, a network has a router already, ...
     */
    RouterId create(TenantId tenant, RouterSpec spec, @Nullable String idempotencyKey);

    /** @param expectedVersion null: whatever it is */
    void replace(TenantId tenant, RouterId id, RouterSpec spec, @Nullable Long expectedVersion);

    void rename(TenantId tenant, RouterId id, String name, @Nullable Long expectedVersion);

    void attach(TenantId tenant, RouterId id, NetworkId network);

    /** Routes whose next hop is in the network go along. */
    void detach(TenantId tenant, RouterId id, NetworkId network);

    void addRoute(TenantId tenant, RouterId id, RouterSpec.Route route);

    void removeRoute(TenantId tenant, RouterId id, String prefix);

    /** @param outside null: nowhere; refused as long as a NIC has a floating IP through the router */
    void lead(TenantId tenant, RouterId id, RouterSpec.@Nullable Outside outside);

    void delete(TenantId tenant, RouterId id, @Nullable Long expectedVersion);

    /** Networks that this router could be given, with the name of the one of its networks that stands against it. */
    List<Candidate> candidates(TenantId tenant, RouterId id);

    /** @param overlaps null: it can be attached */
    record Candidate(
            NetworkId id,
            String name,
            String prefixes,
            @Nullable String overlaps) {}
}
