package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.database.SystemAccess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The folder of image files, each named by its SHA-256. */
@Component
public class ImageFiles {

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    private final JdbcClient system;
    private final Path dir;

    ImageFiles(@SystemAccess JdbcClient system, @Value("${freehold.images.dir:data/images}") Path dir) {
        this.system = system;
        this.dir = dir;
    }

    /** Only what the host needs: a stolen certificate must not open the whole folder. */
    public Optional<Path> find(UUID hostId, String sha256) {
        if (!SHA256.matcher(sha256).matches() || !needs(hostId, sha256)) {
            return Optional.empty();
        }
        return Optional.of(dir.resolve(sha256)).filter(Files::isRegularFile);
    }

    private boolean needs(UUID hostId, String sha256) {
        return system.sql("""
                        select exists (select from image_file f join vm v on v.image_id = f.image_id
                                       where f.sha256 = :sha256 and v.host_id = :host)
                        """)
                .param("sha256", sha256)
                .param("host", hostId)
                .query(Boolean.class)
                .single();
    }
}
