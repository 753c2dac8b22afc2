package cloud.freehold.agent.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GuestDisksTest {
    @Test
    void theChosenSchedulerStandsInBrackets() {
        assertThat(GuestDisks.chosen("mq-deadline kyber [none]")).isEqualTo("none");
        assertThat(GuestDisks.chosen("[mq-deadline] none")).isEqualTo("mq-deadline");
        assertThat(GuestDisks.chosen("none")).isEqualTo("none");
    }

    @Test
    void nonsenseIsNoScheduler() {
        assertThat(GuestDisks.chosen("<script>")).isNull();
        assertThat(GuestDisks.chosen("")).isNull();
    }
}
