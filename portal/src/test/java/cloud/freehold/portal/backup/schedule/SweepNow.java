package cloud.freehold.portal.backup.schedule;

import org.springframework.context.ApplicationContext;

/** What the job does that removes downloads. */
public final class SweepNow {

    private SweepNow() {}

    public static void run(ApplicationContext context) {
        context.getBean(FileSweep.class).sweep();
    }
}
