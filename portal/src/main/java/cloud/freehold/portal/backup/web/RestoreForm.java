package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Restores;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.network.NetworkId;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The three ways to bring a point back share one form; the button says which. */
record RestoreForm(
        @Nullable String confirm,
        @Nullable String keepPresent,
        @Nullable String forceOff,
        @Nullable String name,
        @Nullable String description,
        @Nullable String flavor,
        @Nullable String network,
        @Nullable List<String> groups,
        @Nullable String live,
        @Nullable String volume,
        @Nullable String vm,
        @Nullable String volumeName,
        @Nullable String key) {

    static RestoreForm of(Restores.MachineThen then, String freeName, @Nullable VmId vm, String firstVolume) {
        return new RestoreForm(
                "",
                "true",
                null,
                freeName,
                then.description(),
                then.flavor().toString(),
                then.network() == null ? "" : then.network().toString(),
                then.securityGroups().stream().map(UUID::toString).toList(),
                "true",
                firstVolume,
                vm == null ? "" : vm.toString(),
                "restored",
                IdempotencyKey.forForm());
    }

    Restores.InPlace inPlace() {
        return new Restores.InPlace(
                confirm == null ? "" : confirm, "true".equals(keepPresent), "true".equals(forceOff));
    }

    Restores.ToNewVm toNewVm() {
        return new Restores.ToNewVm(
                name == null ? "" : name.strip(),
                description == null ? "" : description.strip(),
                flavor == null || flavor.isBlank() ? null : Ids.parse(flavor),
                network == null || network.isBlank() ? null : NetworkId.of(network),
                groups == null || groups.isEmpty()
                        ? null
                        : groups.stream().map(SecurityGroupId::of).distinct().toList(),
                "true".equals(live));
    }

    Restores.ToVolume toVolume() {
        return new Restores.ToVolume(
                Ids.parse(volume == null ? "" : volume),
                VmId.of(vm == null ? "" : vm),
                volumeName == null ? "" : volumeName);
    }
}
