package cloud.freehold.portal.network;

import cloud.freehold.portal.common.TenantId;
import java.util.List;
import java.util.UUID;

/** A tenant's networks, in the current (ordinary) transaction. */
public interface Networks {

    /** By name. */
    List<Network> list(TenantId tenant);

    Network get(TenantId tenant, NetworkId id);

    /** The network with this name; a new one when there is none. */
    NetworkId provide(TenantId tenant, NewNetwork network);

    NetworkId create(TenantId tenant, NewNetwork network);

    void delete(TenantId tenant, NetworkId id);

    /** A network for a tenant that has none; else the one that it has longest. */
    NetworkId provideDefault(TenantId tenant);

    /**
     * A new NIC with a MAC of its own and an address in each subnet; the VM's row is already there.
     *
     * @param index its place in the VM
     * @return its id
     */
    UUID plug(TenantId tenant, NetworkId network, UUID vm, int index);
}
