package cloud.freehold.api.desired;

import cloud.freehold.api.ObjectKind;
import java.util.List;
import java.util.UUID;

/**
 * Addresses that rules refer to: an address group's, or those of the NICs in a security group.
 *
 * @param complete true: {@code added} is the whole set; false: a change to what the host has at {@code base}
 * @param base the revision that a change starts from; an agent that holds another asks for a full state
 * @param added addresses or CIDRs
 * @param removed addresses or CIDRs
 */
public record DesiredAddressSet(
        SetRef ref,
        long revision,
        UUID tenantId,
        boolean complete,
        long base,
        List<String> added,
        List<String> removed) {

    /** @param kind ADDRESS_GROUP or GROUP_MEMBERS */
    public record SetRef(ObjectKind kind, UUID id) {}
}
