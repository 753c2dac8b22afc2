package cloud.freehold.portal.hostlink;

import cloud.freehold.api.ObjectKind;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * Says in a tenant's transaction what hosts have to be told. The calls are collected and carried out together right
 * before the commit, in the order of locks that every transaction keeps, so they may stand anywhere in it: each affected
 * host gets its next revision and is woken when the transaction commits; nothing happens when it does not.
 *
 * <p>Works in the current (ordinary, not the system's) transaction, for the tenant that the thread acts for.
 */
public interface HostChanges {

    /** The content of these objects changed: every host that has one of them gets it anew. */
    void touched(ObjectKind kind, Collection<UUID> ids);

    default void touched(ObjectKind kind, UUID... ids) {
        touched(kind, List.of(ids));
    }

    /** What these hosts have to know changed: a VM, a NIC or a group of a NIC came or went. */
    void rearranged(Collection<UUID> hostIds);

    /**
     * What hosts have to know because of these objects changed, for example the sets that a security group's rules refer
     * to. Which hosts that are is found out under the lock, so this is to be preferred to {@link #rearranged}.
     */
    void rearrangedAround(ObjectKind kind, Collection<UUID> ids);

    default void rearrangedAround(ObjectKind kind, UUID... ids) {
        rearrangedAround(kind, List.of(ids));
    }

    /**
     * This new VM wants a host. It stays without one while the provider has no host at all.
     *
     * @throws cloud.freehold.portal.common.CapacityException right before the commit, when no host has room
     */
    void unplaced(UUID vmId);
}
