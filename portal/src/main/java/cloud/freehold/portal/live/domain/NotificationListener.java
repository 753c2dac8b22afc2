package cloud.freehold.portal.live.domain;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.NotificationHandler;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** One connection that listens for the whole portal; comes back by itself when PostgreSQL was away. */
@Component
class NotificationListener implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(NotificationListener.class);
    /** Also how long a broken connection without a reset may stay unnoticed. */
    private static final int WAIT_MILLIS = 5_000;

    private static final Duration RETRY = Duration.ofMillis(250);

    private final DataSource dataSource;
    private final List<NotificationHandler> handlers;
    private volatile @Nullable CountDownLatch stop;
    private @Nullable Thread thread;

    NotificationListener(@SystemAccess DataSource dataSource, List<NotificationHandler> handlers) {
        this.dataSource = dataSource;
        this.handlers = handlers;
    }

    @Override
    public void start() {
        CountDownLatch until = new CountDownLatch(1);
        stop = until;
        thread = new Thread(() -> run(until), "notifications");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(CountDownLatch until) {
        while (until.getCount() > 0) {
            try (Connection connection = dataSource.getConnection()) {
                listen(connection, until);
            } catch (SQLException e) {
                log.warn("Notifications are interrupted, connecting again: {}", e.getMessage());
                pause(until);
            }
        }
    }

    private void listen(Connection connection, CountDownLatch until) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (NotificationHandler handler : handlers) {
                statement.execute("listen " + handler.channel());
            }
        }
        handlers.forEach(handler -> guarded(handler::reconnected));
        PGConnection postgres = connection.unwrap(PGConnection.class);
        while (until.getCount() > 0) {
            PGNotification[] notifications = postgres.getNotifications(WAIT_MILLIS);
            if (notifications == null || notifications.length == 0) {
                probe(connection);
                continue;
            }
            for (PGNotification notification : notifications) {
                for (NotificationHandler handler : handlers) {
                    if (handler.channel().equals(notification.getName())) {
                        guarded(() -> handler.notified(notification.getParameter()));
                    }
                }
            }
        }
    }

    private static void probe(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select 1");
        }
    }

    /** One handler's defect must not deafen the others. */
    private static void guarded(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            log.error("A notification could not be handled", e);
        }
    }

    private static void pause(CountDownLatch until) {
        try {
            until.await(RETRY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            until.countDown();
        }
    }

    @Override
    public void stop() {
        CountDownLatch until = stop;
        Thread running = thread;
        if (until == null || running == null) {
            return;
        }
        until.countDown();
        running.interrupt();
        stop = null;
    }

    @Override
    public boolean isRunning() {
        return stop != null;
    }
}
