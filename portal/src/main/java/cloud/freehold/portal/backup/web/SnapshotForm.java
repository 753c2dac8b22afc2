package cloud.freehold.portal.backup.web;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.Snapshots.NewSnapshot;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.compute.VmId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** @param vms further VMs of the same moment */
record SnapshotForm(
        @Nullable String name,
        @Nullable String description,
        @Nullable String withMemory,
        @Nullable List<String> vms,
        @Nullable String key) {

    static SnapshotForm empty() {
        return new SnapshotForm("", "", null, List.of(), IdempotencyKey.forForm());
    }

    NewSnapshot toCommand(VmId vm) {
        List<VmId> targets = new ArrayList<>(List.of(vm));
        Objects.requireNonNullElse(vms, List.<String>of()).stream()
                .filter(each -> !each.isBlank())
                .map(VmId::of)
                .forEach(targets::add);
        return new NewSnapshot(
                targets,
                name == null ? "" : name.strip(),
                description == null ? "" : description.strip(),
                "true".equals(withMemory),
                Consistency.FILESYSTEM,
                Consistency.CRASH);
    }
}
