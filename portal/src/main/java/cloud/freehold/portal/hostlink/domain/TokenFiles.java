package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.hostlink.HostEnrolment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.stereotype.Component;

/**
 * The provider's way to let a host in: names it in {@code freehold.hostlink.enrol-hosts}, and finds {@code <name>.token}
 * and {@code authority.pem} in {@code freehold.hostlink.token-dir}. Nothing happens for a host that has enrolled.
 */
@Component
class TokenFiles implements ApplicationRunner {

    private static final Logger log = LoggerFactory.getLogger(TokenFiles.class);

    private final HostLinkProperties properties;
    private final HostEnrolment enrolment;

    TokenFiles(HostLinkProperties properties, HostEnrolment enrolment) {
        this.properties = properties;
        this.enrolment = enrolment;
    }

    @Override
    public void run(ApplicationArguments arguments) throws IOException {
        Path dir = properties.tokenDir();
        if (dir == null) {
            return;
        }
        Files.createDirectories(dir);
        write(dir.resolve("authority.pem"), enrolment.authorityCertificate());
        for (String host : properties.enrolHosts()) {
            if (!enrolment.isEnrolled(host)) {
                write(dir.resolve(host + ".token"), enrolment.issueToken(host));
                log.info("A one-time token for host {} is in {}", host, dir);
            }
        }
    }

    /** Whole or not at all, and never readable by others. */
    private static void write(Path file, String content) throws IOException {
        Path unfinished = Files.createTempFile(
                file.getParent(),
                file.getFileName().toString(),
                ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(unfinished, content);
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
