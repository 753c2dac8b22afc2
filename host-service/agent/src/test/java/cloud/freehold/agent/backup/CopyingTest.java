package cloud.freehold.agent.backup;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.api.backup.Transfer;
import org.junit.jupiter.api.Test;

class CopyingTest {
    private static final long SECOND = 1_000_000_000L;
    private final FakeOrder order = new FakeOrder();
    private final Copying copying = new Copying(order, "copying", 10, 90);

    @Test
    void saysShareAndRateOfTheLastSeconds() {
        copying.at(0, 0, 1000);
        assertThat(order.percent).isEqualTo(10);
        copying.at(SECOND, 100, 1000);
        assertThat(order.percent).isEqualTo(18);
        assertThat(order.transfer).isEqualTo(new Transfer(100, 1000, 100));
        for (int i = 2; i <= 20; i++) {
            copying.at(i * SECOND, 100 + (i - 1) * 10, 1000);
        }
        assertThat(order.transfer.bytesPerSecond()).isEqualTo(10);
    }

    @Test
    void anEmptyVolumeHasNoShare() {
        copying.at(0, 0, 0);
        assertThat(order.percent).isEqualTo(10);
    }
}
