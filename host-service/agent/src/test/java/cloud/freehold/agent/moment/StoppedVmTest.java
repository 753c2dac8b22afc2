package cloud.freehold.agent.moment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoppedVmTest {

    private static Certificate certificate(DomainState state, Consistency acceptable) throws OrderFailure {
        return StoppedVm.certificate(
                Optional.of(new Domain(UUID.randomUUID(), state, null)),
                Consistency.BARRIER,
                acceptable,
                Clock.systemUTC());
    }

    @Test
    void aShutdownIsABarrier() throws Exception {
        var certificate = certificate(DomainState.OFF_BY_GUEST, Consistency.BARRIER);
        assertThat(certificate.achieved()).isEqualTo(Consistency.BARRIER);
        assertThat(StoppedVm.certificate(Optional.empty(), Consistency.BARRIER, Consistency.BARRIER, Clock.systemUTC())
                        .achieved())
                .isEqualTo(Consistency.BARRIER);
    }

    @ParameterizedTest
    @EnumSource(
            value = DomainState.class,
            names = {"OFF_BY_FORCE", "CRASHED", "OFF"})
    void anyOtherEndIsAPowerFailure(DomainState state) throws Exception {
        assertThat(certificate(state, Consistency.CRASH).achieved()).isEqualTo(Consistency.CRASH);
        assertThatExceptionOfType(OrderFailure.class)
                .isThrownBy(() -> certificate(state, Consistency.BARRIER))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ProblemCode.CONSISTENCY_NOT_REACHED));
    }
}
