package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.HostOrder;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Puts together what a host needs for a command on a store. */
@Component
class Inputs {

    private final TenantKeys keys;
    private final StoreRows stores;
    private final Pins pins;

    Inputs(TenantKeys keys, StoreRows stores, Pins pins) {
        this.keys = keys;
        this.stores = stores;
        this.pins = pins;
    }

    /** For one that writes points: the tenant's key is made if it is the first. */
    CommandInput forWriting(TenantId tenant, UUID store, List<String> pinned) {
        return input(keys.provide(tenant), store, pinned, List.of(), List.of());
    }

    /** For one that reads what it has pinned. */
    CommandInput forReading(HostOrder order, UUID store) {
        return input(keys.get(order.tenant()), store, pins.roots(order), List.of(), List.of());
    }

    /** For one that checks all of what it has pinned. */
    CommandInput forVerifying(HostOrder order, UUID store) {
        List<String> roots = pins.roots(order);
        return input(keys.get(order.tenant()), store, roots, roots, List.of());
    }

    /** @param liveRoots see {@link CommandInput#liveRoots} */
    CommandInput forCollecting(
            TenantId tenant, UUID store, List<String> pinned, List<String> liveRoots, List<UUID> openWriters) {
        return input(keys.get(tenant), store, pinned, liveRoots, openWriters);
    }

    private CommandInput input(
            String key, UUID store, List<String> pinned, List<String> liveRoots, List<UUID> openWriters) {
        StoreRows.AccessKeys access = stores.keys(store);
        return new CommandInput(key, access.access(), access.secret(), pinned, liveRoots, openWriters);
    }
}
