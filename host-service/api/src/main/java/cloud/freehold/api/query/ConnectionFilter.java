package cloud.freehold.api.query;

import java.util.UUID;

/**
 * Which connections are meant; null parts mean any.
 *
 * @param remote an address or CIDR of the other end
 * @param port of either end, 0–65535
 * @param protocol 0–255
 * @param state the dataplane's word, see {@link LiveConnection#state()}
 * @param ingress true: opened from outside, false: by the VM
 * @param ruleId the rule that allowed it
 */
public record ConnectionFilter(
        String remote, Integer port, Integer protocol, String state, Boolean ingress, UUID ruleId) {

    public static final ConnectionFilter ALL = new ConnectionFilter(null, null, null, null, null, null);
}
