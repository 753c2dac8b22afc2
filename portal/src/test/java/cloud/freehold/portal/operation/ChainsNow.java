package cloud.freehold.portal.operation;

import org.springframework.context.ApplicationContext;
import org.springframework.test.util.ReflectionTestUtils;

/** Lets chains of operations go on now instead of within a second. */
public final class ChainsNow {

    private final ApplicationContext context;

    public ChainsNow(ApplicationContext context) {
        this.context = context;
    }

    public void run() {
        ReflectionTestUtils.invokeMethod(context.getBean("waitingOperations"), "goOn");
    }
}
