package cloud.freehold.agent.backup;

import cloud.freehold.agent.command.Order;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.api.ProblemCode;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where an order cannot turn back, neither a cancellation nor a deadline ends it, and what fails is tried again: by the next agent, if this one ends. */
final class OnlyForward {
    private static final Logger LOG = LoggerFactory.getLogger(OnlyForward.class);
    private static final Duration AWAY = Duration.ofSeconds(2);

    /** What may be repeated as a whole. */
    interface Step {
        void go() throws IOException;
    }

    /** Until the disk lets it be done. */
    static void go(Order order, Step step) throws OrderFailure, InterruptedException {
        while (true) {
            try {
                step.go();
                return;
            } catch (IOException e) {
                LOG.warn("Order {} is tried again: {}", order.id(), e.toString());
                order.progress(0, "waits until the host's disk takes the volumes");
                pause(order, AWAY);
            }
        }
    }

    /** Ends early only when the agent does. */
    static void pause(Order order, Duration pause) throws OrderFailure, InterruptedException {
        try {
            order.pause(pause);
        } catch (OrderFailure e) {
            if (e.code() == ProblemCode.INTERRUPTED) {
                throw e;
            }
            Thread.sleep(pause.toMillis());
        }
    }

    private OnlyForward() {}
}
