package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * What this portal last told each host about each set, so that one new member of a large group is told as one address.
 * Only a help: what is not remembered is told whole, and a host that has something else asks for everything.
 */
@Component
class SentSets {

    /** Strings of all remembered sets together. */
    private static final int MOST_MEMBERS = 500_000;

    private record Key(UUID hostId, SetRef ref) {}

    private record Sent(long revision, Set<String> members) {}

    private final LinkedHashMap<Key, Sent> sent = new LinkedHashMap<>(16, 0.75f, true);
    private long members;

    DesiredAddressSet whole(UUID hostId, SetRef ref, long revision, UUID tenant, List<String> now) {
        remember(new Key(hostId, ref), new Sent(revision, new HashSet<>(now)));
        return new DesiredAddressSet(ref, revision, tenant, true, 0, now, List.of());
    }

    /** @param after up to which revision the host has received everything */
    DesiredAddressSet changed(UUID hostId, SetRef ref, long revision, UUID tenant, List<String> now, long after) {
        Key key = new Key(hostId, ref);
        Sent before = recall(key);
        if (before == null || before.revision() > after) {
            return whole(hostId, ref, revision, tenant, now);
        }
        Set<String> current = new HashSet<>(now);
        List<String> added = now.stream()
                .filter(member -> !before.members().contains(member))
                .toList();
        List<String> removed = before.members().stream()
                .filter(member -> !current.contains(member))
                .sorted()
                .toList();
        if (added.size() + removed.size() >= now.size()) {
            return whole(hostId, ref, revision, tenant, now);
        }
        remember(key, new Sent(revision, current));
        return new DesiredAddressSet(ref, revision, tenant, false, before.revision(), added, removed);
    }

    private synchronized @org.jspecify.annotations.Nullable Sent recall(Key key) {
        return sent.get(key);
    }

    private synchronized void remember(Key key, Sent what) {
        Sent before = sent.put(key, what);
        members +=
                what.members().size() - (before == null ? 0 : before.members().size());
        var oldest = sent.entrySet().iterator();
        while (members > MOST_MEMBERS && sent.size() > 1) {
            Map.Entry<Key, Sent> dropped = oldest.next();
            members -= dropped.getValue().members().size();
            oldest.remove();
        }
    }
}
