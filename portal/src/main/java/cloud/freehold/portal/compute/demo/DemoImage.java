package cloud.freehold.portal.compute.demo;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.demo.DemoStep;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.core.annotation.Order;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Flavors, and the image that {@code docker/guest/build} made: its folder has {@code image.properties} with the names and
 * digests of kernel, initrd and disk. The files are copied to the portal's image folder under their digests.
 */
@Component
@Order(10)
@ConditionalOnBooleanProperty("freehold.demo.enabled")
class DemoImage implements DemoStep {

    private record File(String role, String name, String sha256, long size) {}

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final Clock clock;
    private final Path source;
    private final Path images;

    DemoImage(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            Clock clock,
            @Value("${freehold.demo.image-dir:}") Path source,
            @Value("${freehold.images.dir:data/images}") Path images) {
        this.system = system;
        this.transaction = transaction;
        this.clock = clock;
        this.source = source;
        this.images = images;
    }

    @Override
    public String name() {
        return "flavors and the guest's image";
    }

    @Override
    public void run() {
        flavor("tiny", 1, 256, 1);
        flavor("small", 1, 512, 4);
        flavor("medium", 2, 1024, 8);
        Path manifest = source.resolve("image.properties");
        if (source.toString().isEmpty() || !Files.exists(manifest)) {
            return;
        }
        try {
            Properties properties = new Properties();
            try (Reader reader = Files.newBufferedReader(manifest)) {
                properties.load(reader);
            }
            List<File> files = List.of(
                    file(properties, "KERNEL", "kernel"),
                    file(properties, "INITRD", "initrd"),
                    file(properties, "DISK", "disk"));
            Files.createDirectories(images);
            for (File file : files) {
                copy(file);
            }
            image(properties, files);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "The demo's image in " + source + " cannot be taken over; build it again", e);
        }
    }

    private File file(Properties properties, String role, String key) throws IOException {
        String name = properties.getProperty(key);
        String sha256 = properties.getProperty(key + ".sha256");
        if (name == null || sha256 == null) {
            throw new IOException("image.properties does not say " + key + " and its sha256");
        }
        return new File(role, name, sha256, Files.size(source.resolve(name)));
    }

    private void copy(File file) throws IOException {
        Path target = images.resolve(file.sha256());
        if (Files.exists(target) && Files.size(target) == file.size()) {
            return;
        }
        Path unfinished = Files.createTempFile(images, file.sha256(), ".new");
        Files.copy(source.resolve(file.name()), unfinished, StandardCopyOption.REPLACE_EXISTING);
        Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** A rebuilt image is another one: VMs keep the one that they were made from. */
    private void image(Properties properties, List<File> files) {
        String disk = files.get(2).sha256();
        UUID id = UUID.nameUUIDFromBytes((files.get(0).sha256() + files.get(1).sha256() + disk)
                .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        transaction.executeWithoutResult(status -> {
            int inserted = system.sql("""
                            insert into image (id, name, description, command_line, min_disk_bytes, created_at)
                            values (:id, 'Freehold demo Linux', 'Debian''s cloud kernel with a web server, started in seconds',
                                    :line, :min, :now)
                            on conflict (id) do update set retired_at = null
                            """)
                    .param("id", id)
                    .param("line", properties.getProperty("cmdline", ""))
                    .param("min", files.get(2).size())
                    .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                    .update();
            for (File file : files) {
                system.sql("""
                                insert into image_file (image_id, role, sha256, size_bytes)
                                values (:image, :role, :sha256, :size) on conflict do nothing
                                """)
                        .param("image", id)
                        .param("role", file.role())
                        .param("sha256", file.sha256())
                        .param("size", file.size())
                        .update();
            }
            if (inserted > 0) {
                system.sql(
                                "update image set retired_at = :now where name = 'Freehold demo Linux' and id <> :id and retired_at is null")
                        .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                        .param("id", id)
                        .update();
            }
        });
    }

    private void flavor(String name, int vcpus, long memoryMib, int diskGib) {
        system.sql("""
                        insert into flavor (id, name, vcpus, memory_mib, disk_gib)
                        values (gen_random_uuid(), :name, :vcpus, :memory, :disk) on conflict (name) do nothing
                        """)
                .param("name", name)
                .param("vcpus", vcpus)
                .param("memory", memoryMib)
                .param("disk", diskGib)
                .update();
    }
}
