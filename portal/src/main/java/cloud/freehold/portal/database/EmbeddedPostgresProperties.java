package cloud.freehold.portal.database;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param dir where the server keeps its binaries, data, passwords and log
 * @param port its port on 127.0.0.1; 0 takes a free one
 * @param durable false only in tests, whose data nobody wants back after a crash
 */
@ConfigurationProperties("freehold.postgres.embedded")
record EmbeddedPostgresProperties(
        @Nullable Path dir,
        @DefaultValue("0") int port,
        @DefaultValue("true") boolean durable) {}
