package cloud.freehold.portal.network;

import cloud.freehold.portal.common.TenantId;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's networks, in the current (ordinary) transaction. Whoever changes one changes it whole: name and subnets fit
 * together or nothing is saved. Hosts follow by themselves.
 */
public interface Networks {

    /** What a host's dataplane takes. */
    int MOST_SUBNETS = 8;

    int MOST_DNS_SERVERS = 4;

    int MOST_ALLOWED_ADDRESSES = 16;

    /** By name. */
    List<Network> list(TenantId tenant);

    Network get(TenantId tenant, NetworkId id);

    /** By VM and slot. */
    List<NetworkNic> nics(TenantId tenant, NetworkId id);

    /** The network with this name; a new one when there is none. */
    NetworkId provide(TenantId tenant, NewNetwork network);

    /** @param idempotencyKey repeating a request with the same key creates nothing anew; null for none */
    NetworkId create(TenantId tenant, NewNetwork network, @Nullable String idempotencyKey);

    NetworkId create(TenantId tenant, NetworkSpec spec, @Nullable String idempotencyKey);

    /**
     * NICs get an address in each subnet that comes, and lose the one in each that goes.
     *
     * @param expectedVersion null: whatever it is
     */
    void replace(TenantId tenant, NetworkId id, NetworkSpec spec, @Nullable Long expectedVersion);

    void rename(TenantId tenant, NetworkId id, String name);

    void addSubnet(TenantId tenant, NetworkId id, SubnetSpec subnet);

    /** The prefix stays. */
    void changeSubnet(TenantId tenant, NetworkId id, UUID subnet, SubnetSpec to);

    void removeSubnet(TenantId tenant, NetworkId id, UUID subnet);

    /**
     * @param withNics true: VMs lose their NICs in it, and its router loses the network; false: refused when there are any
     * @throws cloud.freehold.portal.common.ConflictException when it is in use and {@code withNics} is false
     */
    void delete(TenantId tenant, NetworkId id, boolean withNics, @Nullable Long expectedVersion);

    /** A network for a tenant that has none; else the one that it has longest. */
    NetworkId provideDefault(TenantId tenant);

    /**
     * A new NIC with a MAC of its own and an address in each subnet; the VM's row is already there. Telling hosts is left
     * to the caller.
     *
     * @param index its place in the VM
     * @return its id
     */
    UUID plug(TenantId tenant, NetworkId network, UUID vm, int index);

    /** What the NIC may send; the hosts are told. */
    void configure(TenantId tenant, UUID nic, NicSettings settings);

    /** Takes the NIC away with its addresses, and tells the hosts. */
    void unplug(TenantId tenant, UUID nic);
}
