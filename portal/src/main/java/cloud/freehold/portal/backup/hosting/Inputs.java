package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.portal.common.TenantId;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Puts together what a host needs for a command on a store. */
@Component
class Inputs {

    private final TenantKeys keys;
    private final StoreRows stores;

    Inputs(TenantKeys keys, StoreRows stores) {
        this.keys = keys;
        this.stores = stores;
    }

    /** For one that writes points: the tenant's key is made if it is the first. */
    CommandInput forWriting(TenantId tenant, UUID store, List<String> pinned) {
        return input(keys.provide(tenant), store, pinned, List.of(), List.of());
    }

    /** @param liveRoots see {@link CommandInput#liveRoots} */
    CommandInput forReading(TenantId tenant, UUID store, List<String> pinned, List<String> liveRoots) {
        return input(keys.get(tenant), store, pinned, liveRoots, List.of());
    }

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
