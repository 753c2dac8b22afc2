package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.compute.Choices;
import cloud.freehold.portal.compute.NewVm;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.network.NetworkId;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** @param key makes a form that is sent twice create one VM */
record NewVmForm(
        @Nullable String name,
        @Nullable String description,
        @Nullable String image,
        @Nullable String flavor,
        @Nullable String network,
        @Nullable List<String> groups,
        @Nullable String key) {

    static NewVmForm empty(Choices choices) {
        return new NewVmForm(
                "",
                "",
                choices.images().isEmpty() ? "" : choices.images().get(0).id().toString(),
                choices.flavors().isEmpty() ? "" : choices.flavors().get(0).id().toString(),
                "",
                List.of(),
                IdempotencyKey.forForm());
    }

    NewVm toCommand() {
        return new NewVm(
                name == null ? "" : name.strip(),
                description == null ? "" : description.strip(),
                id("image", image, "Choose an image."),
                id("flavor", flavor, "Choose a flavor."),
                network == null || network.isBlank()
                        ? null
                        : new NetworkId(id("network", network, "Choose a network.")),
                groups == null || groups.isEmpty()
                        ? null
                        : groups.stream()
                                .map(group ->
                                        new SecurityGroupId(id("groups", group, "Choose security groups of the list.")))
                                .distinct()
                                .toList());
    }

    private static UUID id(String field, @Nullable String text, String problem) {
        try {
            return Ids.parse(text == null ? "" : text);
        } catch (NotFoundException e) {
            throw InvalidInputException.field("vm." + field, field, problem);
        }
    }
}
