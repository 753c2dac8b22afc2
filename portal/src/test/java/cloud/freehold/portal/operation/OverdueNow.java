package cloud.freehold.portal.operation;

import org.springframework.context.ApplicationContext;
import org.springframework.test.util.ReflectionTestUtils;

/** Lets the clean-up of overdue operations run now instead of within seconds. */
public final class OverdueNow {

    private final ApplicationContext context;

    public OverdueNow(ApplicationContext context) {
        this.context = context;
    }

    public void run() {
        ReflectionTestUtils.invokeMethod(context.getBean("overdueOperations"), "expire");
    }
}
