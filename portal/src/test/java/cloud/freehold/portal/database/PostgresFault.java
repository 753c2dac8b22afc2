package cloud.freehold.portal.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.springframework.context.ApplicationContext;

/** Lets tests of other features kill the database under load. */
public final class PostgresFault {

    private PostgresFault() {}

    /** As a crash would end it; the portal brings it back by itself. Its connections live on for a moment. */
    public static void kill(ApplicationContext context) {
        context.getBean(EmbeddedPostgres.class).kill();
    }

    /** Until the server that was started after the crash answers; a connection of before must not be taken for it. */
    public static void killAndAwaitAnother(ApplicationContext context) {
        EmbeddedPostgres server = context.getBean(EmbeddedPostgres.class);
        String before = startTime(server);
        server.kill();
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (true) {
            try {
                if (!startTime(server).equals(before)) {
                    return;
                }
            } catch (IllegalStateException away) {
                // Expected until it is back.
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("PostgreSQL did not come back");
            }
            EmbeddedPostgres.sleep(20);
        }
    }

    private static String startTime(EmbeddedPostgres server) {
        try (Connection connection = DatabaseBootstrap.connect(server.superuser());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_postmaster_start_time()")) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
