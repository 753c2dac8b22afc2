package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.compute.VmDescription;
import cloud.freehold.portal.compute.VmView;
import org.jspecify.annotations.Nullable;

record SettingsForm(
        @Nullable String name,
        @Nullable String description,
        @Nullable Boolean deletionProtection,
        @Nullable Long version) {

    static SettingsForm of(VmView vm) {
        return new SettingsForm(vm.name(), vm.description(), vm.deletionProtection(), vm.version());
    }

    VmDescription toCommand() {
        return new VmDescription(
                name == null ? "" : name.strip(),
                description == null ? "" : description.strip(),
                Boolean.TRUE.equals(deletionProtection));
    }
}
