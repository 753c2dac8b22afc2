package cloud.freehold.e2e;

import java.nio.file.Path;
import java.util.Locale;

/** The instance that the tests look at, as its launcher describes it. */
final class Instance {

    private Instance() {}

    static String url() {
        return variable("FREEHOLD_URL");
    }

    static String libvirtUri() {
        return variable("FREEHOLD_LIBVIRT_URI");
    }

    /** Data and logs. */
    static Path state() {
        return Path.of(variable("FREEHOLD_STATE"));
    }

    /** Sockets and pid files. */
    static Path run() {
        return Path.of(variable("FREEHOLD_RUNTIME"));
    }

    static Path launcher() {
        return Path.of(variable("FREEHOLD_TOP"), "docker", "launcher");
    }

    static String password(String email) {
        return variable(
                "FREEHOLD_PASSWORD_" + email.substring(0, email.indexOf('@')).toUpperCase(Locale.ROOT));
    }

    private static String variable(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException(
                    name + " is not set. Run these tests with './freehold test e2e', which starts an instance.");
        }
        return value;
    }
}
