package cloud.freehold.portal.common;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * Time-ordered ids (RFC 9562, version 7). Ids of one process never go backwards: the 12 bits after the milliseconds
 * count within one millisecond, so that rows inserted in order are also sorted in order.
 */
@Component
public final class Uuid7 {

    private static final int COUNTER_LIMIT = 0xFFF;

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private long lastMillis = -1;
    private int counter;

    public Uuid7(Clock clock) {
        this.clock = clock;
    }

    public UUID next() {
        long high = nextTimestampAndCounter();
        long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    private synchronized long nextTimestampAndCounter() {
        long now = clock.millis();
        if (now > lastMillis) {
            lastMillis = now;
            counter = random.nextInt(COUNTER_LIMIT / 4);
        } else if (counter == COUNTER_LIMIT) {
            lastMillis++;
            counter = 0;
        } else {
            counter++;
        }
        return (lastMillis << 16) | 0x7000L | counter;
    }
}
