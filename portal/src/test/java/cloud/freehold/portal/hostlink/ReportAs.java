package cloud.freehold.portal.hostlink;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.observed.HostReport;
import cloud.freehold.api.observed.ObservedNic;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.api.observed.RuleHits;
import cloud.freehold.testing.FakeHost;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Reports that no honest host would send. */
final class ReportAs {

    private ReportAs() {}

    /** Speaks of things that are on another host. */
    static void host(FakeHost host, UUID vm, UUID nic, UUID rule) throws IOException {
        send(host, report(UUID.randomUUID(), 1, vm, nic, rule));
    }

    static void stale(FakeHost host, UUID vm, UUID boot, long sequence) throws IOException {
        send(host, report(boot, sequence, vm, UUID.randomUUID(), UUID.randomUUID()));
    }

    private static void send(FakeHost host, HostReport report) throws IOException {
        assertThat(host.client().post(AgentPaths.REPORT, report).statusCode()).isEqualTo(204);
    }

    private static HostReport report(UUID boot, long sequence, UUID vm, UUID nic, UUID rule) {
        return new HostReport(
                boot,
                sequence,
                Instant.now(),
                true,
                UUID.randomUUID(),
                1_000_000,
                Instant.now(),
                null,
                List.of(new ObservedVm(vm, ObservedVm.State.CRASHED, "x", null, null, null, 1_000_000)),
                List.of(new ObservedNic(nic, 1_000_000, ObservedNic.Link.UP, 999, 1, 1, 1, 0, 0, null)),
                List.of(new RuleHits(rule, 1, 1, 1, 1, Instant.now())));
    }
}
