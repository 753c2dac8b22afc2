package cloud.freehold.portal.demo;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.stereotype.Component;

/** Runs before the portal says that it is ready. */
@Component
@ConditionalOnBooleanProperty("freehold.demo.enabled")
class DemoRunner implements ApplicationRunner {

    private static final Logger log = LoggerFactory.getLogger(DemoRunner.class);

    private final List<DemoStep> steps;

    DemoRunner(List<DemoStep> steps) {
        this.steps = steps;
    }

    @Override
    public void run(ApplicationArguments arguments) {
        for (DemoStep step : steps) {
            log.info("Demo: {}", step.name());
            step.run();
        }
    }
}
