package cloud.freehold.portal.database;

import cloud.freehold.portal.testing.TestingClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/** Empties every table after each test, in one statement and without triggers. */
public final class EmptyDatabase implements AfterEachCallback {

    private static final String DELETE_ALL = """
            do $$
            declare t record;
            begin
                set local session_replication_role = replica;
                for t in select tablename from pg_tables
                          where schemaname = 'public' and tablename <> 'flyway_schema_history'
                loop
                    execute format('delete from %I', t.tablename);
                end loop;
            end $$
            """;

    @Override
    public void afterEach(ExtensionContext test) {
        ApplicationContext context = SpringExtension.getApplicationContext(test);
        context.getBean(TestingClock.class).reset();
        executeAsAdministrator(context, DELETE_ALL);
    }

    /** For what no role of the portal may do. */
    public static void executeAsAdministrator(ApplicationContext context, String sql) {
        EmbeddedPostgres server = context.getBean(EmbeddedPostgres.class);
        try (Connection connection = DatabaseBootstrap.connect(server.superuser());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException("The administrator's statement failed: " + sql, e);
        }
    }

    /** Starts the JVM's one server with new data below {@code target/}. */
    public static final class InFreshFolder implements ApplicationContextInitializer<ConfigurableApplicationContext> {

        @Override
        public void initialize(ConfigurableApplicationContext context) {
            Path dir = Path.of("target", "test-postgres");
            try {
                EmbeddedPostgresFiles.deleteTree(dir.resolve("data"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            TestPropertyValues.of(
                            "freehold.postgres.embedded.dir=" + dir,
                            "freehold.postgres.embedded.durable=false",
                            "freehold.agent.port=0",
                            "spring.task.scheduling.enabled=false",
                            "db-scheduler.enabled=false")
                    .applyTo(context);
        }
    }
}
