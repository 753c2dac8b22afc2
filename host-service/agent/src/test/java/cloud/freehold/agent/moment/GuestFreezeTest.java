package cloud.freehold.agent.moment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.fail;

import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import cloud.freehold.agent.libvirt.HypervisorException.Kind;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestFreezeTest {
    @TempDir
    Path directory;

    private final UUID vm = UUID.randomUUID();
    private final CountDownLatch thawAnswered = new CountDownLatch(1);
    private final CountDownLatch thawedAfterwards = new CountDownLatch(1);
    private boolean frozen;

    /** Whose thaw comes to the guest before the freeze that was asked for earlier. */
    private String answer(String command) throws InterruptedException {
        if (command.contains("guest-fsfreeze-freeze")) {
            assertThat(thawAnswered.await(10, TimeUnit.SECONDS)).isTrue();
            synchronized (this) {
                frozen = true;
            }
            return "{\"return\": 2}";
        }
        synchronized (this) {
            if (command.contains("guest-fsfreeze-status")) {
                return "{\"return\": \"" + (frozen ? "frozen" : "thawed") + "\"}";
            }
            int thawed = frozen ? 2 : 0;
            frozen = false;
            if (thawed > 0) {
                thawedAfterwards.countDown();
            }
            thawAnswered.countDown();
            return "{\"return\": " + thawed + "}";
        }
    }

    private Hypervisor hypervisor() {
        return (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(), new Class<?>[] {Hypervisor.class}, (self, method, arguments) -> {
                    if (method.getName().equals("askAgentUrgently")) {
                        return answer((String) arguments[1]);
                    }
                    if (method.getName().equals("find")) {
                        return Optional.of(new Domain(vm, DomainState.RUNNING, null));
                    }
                    return fail("not asked for: " + method);
                });
    }

    @Test
    void aGuestThatFreezesAfterItsThawIsThawedOnceMore() throws Exception {
        var hypervisor = hypervisor();
        var held = new HeldGuests(directory, hypervisor);
        assertThatExceptionOfType(HypervisorException.class)
                .isThrownBy(() -> GuestFreeze.freeze(hypervisor, held, vm, Duration.ofMillis(100)))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.TIMED_OUT));
        assertThat(thawedAfterwards.await(10, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 200 && hasNotes(); i++) {
            Thread.sleep(20);
        }
        assertThat(hasNotes()).isFalse();
        assertThat(held.isHeld(vm)).isFalse();
    }

    private boolean hasNotes() throws IOException {
        try (var notes = Files.list(directory.resolve("held"))) {
            return notes.findAny().isPresent();
        }
    }
}
