package cloud.freehold.portal.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server of its own beside the one that the other tests share. */
class EmbeddedPostgresTests {

    private static final Path DIR = Path.of("target", "embedded-postgres-test");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @BeforeEach
    @AfterEach
    void noTraces() throws IOException {
        EmbeddedPostgresFiles.deleteTree(DIR.resolve("data"));
    }

    private static EmbeddedPostgres start() {
        return new EmbeddedPostgres(new EmbeddedPostgresProperties(DIR, 0, true), DIR);
    }

    @Test
    void startsAgainByItselfAfterACrashAndHasLostNothing() throws Exception {
        try (EmbeddedPostgres server = start()) {
            execute(server, "create table kept (n int)", "insert into kept values (7)");
            server.kill();
            long end = System.nanoTime() + PATIENCE.toNanos();
            String kept = "";
            while (!kept.equals("7") && System.nanoTime() < end) {
                kept = queryIfUp(server, "select n from kept");
                TimeUnit.MILLISECONDS.sleep(50);
            }
            assertThat(kept).isEqualTo("7");
        }
    }

    @Test
    void dataOutlivesThePortal() throws Exception {
        try (EmbeddedPostgres first = start()) {
            execute(first, "create table kept (n int)", "insert into kept values (8)");
        }
        try (EmbeddedPostgres second = start()) {
            assertThat(queryIfUp(second, "select n from kept")).isEqualTo("8");
        }
    }

    @Test
    void dataOutlivesAPortalThatIsKilled() throws Exception {
        Process portal = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(portal.inputReader().lines().anyMatch(Child.COMMITTED::equals))
                .isTrue();
        portal.destroyForcibly().waitFor();
        try (EmbeddedPostgres next = start()) {
            assertThat(queryIfUp(next, "select n from kept")).isEqualTo("9");
        }
    }

    @Test
    void secondPortalOnTheSameFolderIsToldSo() throws Exception {
        try (EmbeddedPostgres first = start()) {
            assertThatThrownBy(EmbeddedPostgresTests::start).hasMessageContaining("Another portal already uses");
            assertThat(queryIfUp(first, "select 1")).isEqualTo("1");
        }
    }

    @Test
    void passwordsAreReadableByTheOwnerAlone() throws Exception {
        try (EmbeddedPostgres server = start()) {
            assertThat(server.access().portal().password()).hasSize(48);
            assertThat(server.access().toString())
                    .doesNotContain(server.access().portal().password());
            assertThat(Files.getPosixFilePermissions(DIR.resolve("passwords.properties")))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        }
    }

    /** A portal that commits a row and then waits to be killed. */
    static final class Child {

        static final String COMMITTED = "committed";

        private Child() {}

        public static void main(String[] arguments) throws Exception {
            EmbeddedPostgres server = start();
            execute(server, "create table kept (n int)", "insert into kept values (9)");
            System.out.println();
            System.out.println(COMMITTED);
            TimeUnit.MINUTES.sleep(1);
            server.close();
        }
    }

    private static void execute(EmbeddedPostgres server, String... statements) throws SQLException {
        try (Connection connection = DatabaseBootstrap.connect(server.access().owner());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static String queryIfUp(EmbeddedPostgres server, String sql) {
        try (Connection connection = DatabaseBootstrap.connect(server.access().owner());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        } catch (SQLException down) {
            return "";
        }
    }
}
