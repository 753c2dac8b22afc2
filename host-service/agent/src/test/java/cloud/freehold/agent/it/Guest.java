package cloud.freehold.agent.it;

import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredImage.ImageFile;
import cloud.freehold.api.desired.DesiredImage.Role;
import cloud.freehold.testing.FakePortal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The demo guest's image, built when nobody has built it yet. */
record Guest(Path directory, Properties properties) {

    static Guest find(Path repository) throws IOException {
        var given = System.getenv("FREEHOLD_GUEST");
        var directory = given != null ? Path.of(given) : built(repository);
        var properties = new Properties();
        try (var in = Files.newBufferedReader(directory.resolve("image.properties"))) {
            properties.load(in);
        }
        return new Guest(directory, properties);
    }

    private static Path built(Path repository) throws IOException {
        var all = Files.createDirectories(repository.resolve("target/guest"));
        try (var found = Files.list(all)) {
            var complete = found.filter(path -> Files.exists(path.resolve("image.properties")))
                    // Of an older recipe otherwise.
                    .filter(path -> Files.exists(path.resolve("fhwriter")))
                    .findFirst();
            if (complete.isPresent()) {
                return complete.get();
            }
        }
        var directory = all.resolve("agent-tests");
        var build = new ProcessBuilder(repository.resolve("docker/guest/build").toString(), directory.toString())
                .inheritIO()
                .start();
        try {
            if (!build.waitFor(3, TimeUnit.MINUTES) || build.exitValue() != 0) {
                build.destroyForcibly();
                throw new IOException("the demo guest could not be built; run docker/guest/build by hand");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return directory;
    }

    /** Checks what it wrote when it ran in a guest. */
    Path writer() {
        return directory.resolve("fhwriter");
    }

    void offer(FakePortal portal) {
        for (var role : List.of("kernel", "initrd", "disk")) {
            portal.imageFile(properties.getProperty(role + ".sha256"), directory.resolve(properties.getProperty(role)));
        }
    }

    DesiredImage image() throws IOException {
        var files = new ArrayList<ImageFile>();
        for (var role : Role.values()) {
            var name = role.name().toLowerCase(java.util.Locale.ROOT);
            files.add(new ImageFile(
                    role,
                    properties.getProperty(name + ".sha256"),
                    Files.size(directory.resolve(properties.getProperty(name)))));
        }
        return new DesiredImage(UUID.randomUUID(), "demo", files, properties.getProperty("cmdline"));
    }
}
