package cloud.freehold.portal.compute.web;

import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.network.NetworkId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** @param key makes a form that is sent twice add one NIC */
record NewNicForm(
        @Nullable String network,
        @Nullable List<String> groups,
        @Nullable String key) {

    static NewNicForm empty() {
        return new NewNicForm("", List.of(), IdempotencyKey.forForm());
    }

    NetworkId networkId() {
        try {
            return NetworkId.of(network == null ? "" : network.strip());
        } catch (NotFoundException e) {
            throw InvalidInputException.field("nic.network", "network", "Choose a network of the list.");
        }
    }

    /** Null: the default group. */
    @Nullable
    List<SecurityGroupId> groupIds() {
        if (groups == null || groups.isEmpty()) {
            return null;
        }
        try {
            return groups.stream().map(SecurityGroupId::of).distinct().toList();
        } catch (NotFoundException e) {
            throw InvalidInputException.field("nic.groups", "groups", "Choose security groups of the list.");
        }
    }
}
