package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.StoreRef;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What the store's program is told: one JSON document on its standard input, keys included. */
final class StoreJob {
    private static final long MEMORY_BYTES = 256L << 20;
    private static final int IO_SECONDS = 60;

    private final String what;
    private final Map<String, Object> document = new LinkedHashMap<>();

    private StoreJob(String what) {
        this.what = what;
    }

    static StoreJob of(String what, UUID command, UUID tenant, StoreRef store, CommandInput input) throws OrderFailure {
        if (input.tenantKey() == null) {
            throw new OrderFailure(ProblemCode.INTERNAL, "The portal gave no key for this order. Repeat it.");
        }
        var job = new StoreJob(what);
        var place = new LinkedHashMap<String, Object>();
        place.put("kind", store.kind().name());
        switch (store.kind()) {
            case DIRECTORY -> place.put("path", store.path());
            case S3 -> {
                place.put("endpoint", store.endpoint());
                place.put("bucket", store.bucket());
                place.put("prefix", store.prefix());
                place.put("region", store.region());
                place.put("accessKey", input.s3AccessKey());
                place.put("secretKey", input.s3SecretKey());
            }
        }
        return job.with("store", place)
                .with("tenant", tenant)
                .with("key", input.tenantKey())
                .with("command", command)
                .with("memoryLimit", MEMORY_BYTES)
                .with("ioTimeoutSeconds", IO_SECONDS);
    }

    /** Null: left out. */
    StoreJob with(String field, Object value) {
        if (value != null) {
            document.put(field, value);
        }
        return this;
    }

    StoreJob pace(long bytesPerSecond) {
        return with("bytesPerSecond", bytesPerSecond);
    }

    StoreJob pinned(List<String> roots) {
        return with("pinned", roots == null ? List.of() : roots);
    }

    /** The program's first argument. */
    String what() {
        return what;
    }

    Map<String, Object> document() {
        return document;
    }
}
