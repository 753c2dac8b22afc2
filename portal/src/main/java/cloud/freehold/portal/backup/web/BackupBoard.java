package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Usage;
import cloud.freehold.portal.backup.VmHealth;
import cloud.freehold.portal.backup.VmHealth.State;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The figures above the timeline. */
record BackupBoard(List<VmHealth> vms, List<Usage> usage) {

    public long existing() {
        return vms.stream().filter(VmHealth::exists).count();
    }

    public long inTime() {
        return vms.stream().filter(vm -> vm.state() == State.IN_TIME).count();
    }

    public long late() {
        return vms.stream().filter(vm -> vm.state() == State.LATE).count();
    }

    public long without() {
        return vms.stream()
                .filter(vm -> vm.state() == State.NONE || vm.state() == State.WAITING)
                .count();
    }

    public int points() {
        return vms.stream().mapToInt(VmHealth::points).sum();
    }

    public @Nullable Instant lastSuccess() {
        return vms.stream()
                .map(VmHealth::latest)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .orElse(null);
    }

    public long logicalBytes() {
        return usage.stream().mapToLong(Usage::logicalBytes).sum();
    }

    /** What lies in the stores as far as it is known. */
    public long storedBytes() {
        return usage.stream()
                .mapToLong(each -> each.keptBytes() == null ? each.addedBytes() : each.keptBytes())
                .sum();
    }

    public boolean isEmpty() {
        return vms.isEmpty();
    }
}
