package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.desired.DesiredNic;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Objects that the dataplane refuses, kept out of transactions so that one bad object does not hold up the host. Each
 * keeps the place it had before, if any.
 */
final class Quarantine {
    private final Map<ObjectRef, String> reasons = new HashMap<>();

    /** @return false: it is in already, so leaving it out does not help */
    boolean add(ObjectRef object, String reason) {
        return reasons.putIfAbsent(key(object), reason) == null;
    }

    boolean isEmpty() {
        return reasons.isEmpty();
    }

    Set<ObjectRef> objects() {
        return reasons.keySet();
    }

    boolean holds(ObjectRef object) {
        return reasons.containsKey(key(object));
    }

    /** Why the NIC is not as desired; null: it is. */
    String reason(DesiredNic nic, Desired target) {
        var own = reasons.get(new ObjectRef(ObjectKind.NIC, nic.id()));
        if (own != null) {
            return own;
        }
        var network = reasons.get(new ObjectRef(ObjectKind.NETWORK, nic.networkId()));
        if (network != null) {
            return network;
        }
        for (var router : target.routers().values()) {
            var routing = reasons.get(new ObjectRef(ObjectKind.ROUTER, router.id()));
            if (routing != null && router.networkIds().contains(nic.networkId())) {
                return routing;
            }
        }
        for (var groupId : nic.securityGroupIds()) {
            var reason = reasons.get(new ObjectRef(ObjectKind.SECURITY_GROUP, groupId));
            var group = target.securityGroups().get(groupId);
            if (reason == null && group != null) {
                reason = group.rules().stream()
                        .filter(rule -> rule.remoteSet() != null)
                        .map(rule -> reasons.get(set(rule.remoteSet())))
                        .filter(found -> found != null)
                        .findFirst()
                        .orElse(null);
            }
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }

    private static ObjectRef set(SetRef ref) {
        return key(new ObjectRef(ref.kind(), ref.id()));
    }

    /** The dataplane does not tell the two kinds of sets apart. */
    private static ObjectRef key(ObjectRef object) {
        return object.kind() == ObjectKind.GROUP_MEMBERS
                ? new ObjectRef(ObjectKind.ADDRESS_GROUP, object.id())
                : object;
    }
}
