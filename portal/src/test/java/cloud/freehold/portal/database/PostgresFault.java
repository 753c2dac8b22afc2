package cloud.freehold.portal.database;

import org.springframework.context.ApplicationContext;

/** Lets tests of other features kill the database under load. */
public final class PostgresFault {

    private PostgresFault() {}

    /** As a crash would end it; the portal brings it back by itself. */
    public static void kill(ApplicationContext context) {
        context.getBean(EmbeddedPostgres.class).kill();
    }
}
