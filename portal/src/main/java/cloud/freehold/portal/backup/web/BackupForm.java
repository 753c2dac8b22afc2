package cloud.freehold.portal.backup.web;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.NewBackup;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.compute.VmId;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A backup by hand. */
record BackupForm(
        @Nullable String vm,
        @Nullable String store,
        @Nullable Consistency wanted,
        @Nullable Consistency acceptable,
        @Nullable String note,
        @Nullable String key) {

    static BackupForm empty(@Nullable VmId vm) {
        return new BackupForm(
                vm == null ? "" : vm.toString(),
                "",
                Consistency.FILESYSTEM,
                Consistency.CRASH,
                "",
                IdempotencyKey.forForm());
    }

    NewBackup toCommand(@Nullable VmId known) {
        if (known == null && (vm == null || vm.isBlank())) {
            throw InvalidInputException.field("backup.vm", "vm", "Choose a VM.");
        }
        Consistency level = Objects.requireNonNullElse(wanted, Consistency.FILESYSTEM);
        return NewBackup.byHand(
                known == null ? VmId.of(Objects.requireNonNull(vm)) : known,
                store == null || store.isBlank() ? null : StoreId.of(store),
                level,
                Objects.requireNonNullElse(acceptable, Consistency.CRASH),
                note == null ? "" : note.strip());
    }
}
