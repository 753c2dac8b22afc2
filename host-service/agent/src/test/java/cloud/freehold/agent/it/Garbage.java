package cloud.freehold.agent.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Packs of nothing in a tenant's part of a store, which no point needs: how far a collection is can be seen by them. */
final class Garbage {
    private final Path packs;
    private Path latest;
    private int added;

    Garbage(TestStore store, UUID tenant) {
        this.packs = store.path().resolve(tenant.toString()).resolve("packs");
    }

    /** As if a writer had written and nobody had kept a point of it. */
    void add(int number) throws IOException {
        latest = Files.createDirectory(packs.resolve(UUID.randomUUID().toString()));
        added = number;
        for (int i = 0; i < number; i++) {
            Files.createFile(latest.resolve(String.format("%08x", i)));
        }
        var users = latest.getFileSystem().getUserPrincipalLookupService();
        Files.setOwner(latest, users.lookupPrincipalByName(Rig.STORE_USER));
    }

    /** Whether some of what was added last is gone, and not all. */
    boolean isGoing() {
        var left = latest.toFile().list();
        return left != null && left.length > 0 && left.length < added;
    }
}
