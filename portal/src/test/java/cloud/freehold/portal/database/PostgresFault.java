package cloud.freehold.portal.database;

import org.springframework.context.ApplicationContext;

/** Lets tests of other features kill the database under load. */
public final class PostgresFault {

    private PostgresFault() {}

    /** As after a power cut; it is back when this returns. */
    public static void crashAndRestart(ApplicationContext context) {
        context.getBean(EmbeddedPostgres.class).crashAndRestart();
    }
}
