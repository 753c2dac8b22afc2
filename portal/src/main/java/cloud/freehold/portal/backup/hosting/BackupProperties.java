package cloud.freehold.portal.backup.hosting;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/** @param stores by name, as tenants read it; a store that is left out later is offered no more, but its points stay */
@ConfigurationProperties("freehold.backup")
record BackupProperties(@DefaultValue Map<String, ConfiguredStore> stores) {

    /**
     * @param host the only host that reaches it, by its name; null: all do
     * @param path a folder on the hosts; instead of endpoint, bucket, accessKey and secretKey of an S3 store
     * @param keepFree a backup fails before the folder's free space falls below
     * @param rate bytes a second that a command may move; 0: as fast as it goes
     */
    record ConfiguredStore(
            @Nullable String host,
            @Nullable String path,
            @Nullable String endpoint,
            @Nullable String bucket,
            @Nullable String prefix,
            @Nullable String region,
            @Nullable String accessKey,
            @Nullable String secretKey,
            @DefaultValue("1GB") DataSize keepFree,
            @DefaultValue("0B") DataSize rate) {

        boolean isDirectory() {
            return path != null;
        }
    }
}
