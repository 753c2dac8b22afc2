package cloud.freehold.agent.moment;

import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.libvirt.Hypervisor;
import cloud.freehold.agent.libvirt.HypervisorException;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A guest whose filesystems its agent has frozen.
 *
 * <p>The thaw is certain by the limit: a thread of its own thaws then, whatever else goes on. A freeze that failed or timed out may take effect
 * later, so that it is followed by thaws, too, until the agent says that nothing is frozen. So is one that the thaw has overtaken: the guest's
 * agent says truly that nothing is frozen, and then freezes.
 */
final class GuestFreeze {
    private static final Logger LOG = LoggerFactory.getLogger(GuestFreeze.class);
    private static final Duration THAW = Duration.ofSeconds(5);

    private final Hypervisor hypervisor;
    private final HeldGuests held;
    private final UUID vm;
    private final long limitAt;
    private final CountDownLatch over = new CountDownLatch(1);
    private final long began = System.nanoTime();
    private boolean answered;
    private boolean thawing;
    private boolean late;
    private volatile long millis;
    private int frozen;

    private GuestFreeze(Hypervisor hypervisor, HeldGuests held, UUID vm, Duration limit) {
        this.hypervisor = hypervisor;
        this.held = held;
        this.vm = vm;
        this.limitAt = began + limit.toNanos();
    }

    /** @throws HypervisorException it could not be frozen, and is thawed or being thawed */
    static GuestFreeze freeze(Hypervisor hypervisor, HeldGuests held, UUID vm, Duration limit)
            throws HypervisorException, IOException {
        var freeze = new GuestFreeze(hypervisor, held, vm, limit);
        held.note(vm, HeldGuests.How.FROZEN);
        Threads.start("thaw-at-limit", freeze::watch);
        try {
            freeze.frozen =
                    answer(hypervisor, vm, "guest-fsfreeze-freeze", limit).asInt(0);
        } catch (HypervisorException e) {
            if (e.kind() == HypervisorException.Kind.NO_AGENT || e.kind() == HypervisorException.Kind.GONE) {
                freeze.endedUnfrozen();
            } else if (freeze.isOvertaken()) {
                held.letGo(vm, HeldGuests.How.FROZEN);
            } else {
                freeze.thaw();
            }
            throw e;
        }
        if (freeze.isOvertaken()) {
            held.letGo(vm, HeldGuests.How.FROZEN);
            throw new HypervisorException(
                    HypervisorException.Kind.TIMED_OUT, "the guest was frozen only after its time limit");
        }
        if (freeze.frozen == 0) {
            freeze.thaw();
            throw new HypervisorException(HypervisorException.Kind.REFUSED, "the guest has no filesystem to freeze");
        }
        return freeze;
    }

    private void watch() {
        try {
            if (!over.await(limitAt - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                LOG.warn("VM {} is thawed because its time limit has passed.", vm);
                synchronized (this) {
                    late = true;
                }
                thaw();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Once it is known what became of the freeze: whether a thaw went before it. */
    private synchronized boolean isOvertaken() {
        answered = true;
        return thawing;
    }

    /** The agent was not reached at all: nothing is frozen, and nothing will be. */
    private void endedUnfrozen() {
        synchronized (this) {
            thawing = true;
        }
        over.countDown();
        held.strike(vm, HeldGuests.How.FROZEN);
    }

    /**
     * Thaws, once.
     *
     * @return whether everything was frozen until now
     */
    boolean thaw() {
        boolean known;
        synchronized (this) {
            if (thawing) {
                return false;
            }
            thawing = true;
            known = answered;
        }
        boolean wasFrozen = false;
        try {
            wasFrozen = answer(hypervisor, vm, "guest-fsfreeze-thaw", THAW).asInt(0) >= frozen;
            millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
        } catch (HypervisorException e) {
            LOG.warn("VM {} could not be thawed at once: {}", vm, e.getMessage());
        }
        over.countDown();
        if (!known) {
            return false; // whoever waits for the freeze sees to what comes of it
        }
        if (wasFrozen) {
            held.strike(vm, HeldGuests.How.FROZEN);
        } else {
            held.letGo(vm, HeldGuests.How.FROZEN);
        }
        synchronized (this) {
            return wasFrozen && !late;
        }
    }

    /** From the freeze to the thaw, after it. */
    long millis() {
        return millis;
    }

    /** Thaws and asks whether that was it. */
    static boolean isThawed(Hypervisor hypervisor, UUID vm) throws HypervisorException {
        if (isSaidToBeThawed(hypervisor, vm)) {
            return true;
        }
        answer(hypervisor, vm, "guest-fsfreeze-thaw", THAW);
        return isSaidToBeThawed(hypervisor, vm);
    }

    private static boolean isSaidToBeThawed(Hypervisor hypervisor, UUID vm) throws HypervisorException {
        return answer(hypervisor, vm, "guest-fsfreeze-status", THAW)
                .asString("")
                .equals("thawed");
    }

    private static JsonNode answer(Hypervisor hypervisor, UUID vm, String command, Duration deadline)
            throws HypervisorException {
        try {
            return Json.MAPPER
                    .readTree(hypervisor.askAgentUrgently(vm, "{\"execute\":\"" + command + "\"}", deadline))
                    .path("return");
        } catch (JacksonException e) {
            throw new HypervisorException(HypervisorException.Kind.REFUSED, "the guest's agent answered nonsense");
        }
    }
}
