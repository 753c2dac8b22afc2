package cloud.freehold.agent.backup;

import cloud.freehold.agent.libvirt.DomainState;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.Hypervisor.Domain;
import cloud.freehold.agent.libvirt.HypervisorException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** One run of a VM, from a start to its end: what fails with QEMU may have failed because QEMU ended. */
final class VmRun {
    private static final int LOOKS = 20;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private final Hypervisor hypervisor;
    private final Domain begun;

    /** @param begun the VM, on */
    VmRun(Hypervisor hypervisor, Domain begun) {
        this.hypervisor = hypervisor;
        this.begun = begun;
    }

    /** Waits a moment: who talks with QEMU sees it end before libvirt does. */
    boolean isOver() throws HypervisorException, InterruptedException {
        for (int looks = 0; looks < LOOKS; looks++) {
            if (isOverNow()) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS.toMillis());
        }
        return isOverNow();
    }

    private boolean isOverNow() throws HypervisorException {
        var now = hypervisor.find(begun.vm());
        return now.isEmpty()
                || now.get().state().isOff()
                || now.get().state() == DomainState.SHUTTING_DOWN
                || !now.get().mark().run().equals(begun.mark().run());
    }
}
