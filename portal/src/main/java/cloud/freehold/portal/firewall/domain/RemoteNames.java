package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The groups of one tenant that rules may refer to, by name and by id. */
public record RemoteNames(Map<SecurityGroupId, String> groups, Map<AddressGroupId, String> addressGroups) {

    public static final String GROUP = "group:";
    public static final String ADDRESSES = "addresses:";
    public static final RemoteNames NONE = new RemoteNames(Map.of(), Map.of());

    public RemoteNames {
        groups = new LinkedHashMap<>(groups);
        addressGroups = new LinkedHashMap<>(addressGroups);
    }

    public Optional<Remote> group(String name) {
        return key(groups, name).map(Remote.Group::new);
    }

    public Optional<Remote> addressGroup(String name) {
        return key(addressGroups, name).map(Remote.Addresses::new);
    }

    private static <K> Optional<K> key(Map<K, String> names, String name) {
        return names.entrySet().stream()
                .filter(entry -> entry.getValue().equals(name))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** As it is typed; a group that exists no longer is written with its id, which no name look-up finds. */
    public String format(Remote remote) {
        if (remote instanceof Remote.Prefix prefix) {
            return prefix.cidr().display();
        } else if (remote instanceof Remote.Group group) {
            return GROUP + groups.getOrDefault(group.id(), group.id().toString());
        } else if (remote instanceof Remote.Addresses addresses) {
            return ADDRESSES
                    + addressGroups.getOrDefault(addresses.id(), addresses.id().toString());
        }
        return "any";
    }

    /** For a sentence. */
    public String display(Remote remote) {
        if (remote instanceof Remote.Group) {
            return "group " + nameOf(remote);
        }
        return remote instanceof Remote.Addresses ? "addresses " + nameOf(remote) : nameOf(remote);
    }

    /** Without saying what kind of thing it is. */
    public String nameOf(Remote remote) {
        if (remote instanceof Remote.Prefix prefix) {
            return prefix.cidr().isAll()
                    ? "any " + prefix.cidr().family().word()
                    : prefix.cidr().display();
        } else if (remote instanceof Remote.Group group) {
            return groups.getOrDefault(group.id(), "(deleted)");
        } else if (remote instanceof Remote.Addresses addresses) {
            return addressGroups.getOrDefault(addresses.id(), "(deleted)");
        }
        return "any";
    }

    /** What an input offers to complete. */
    public List<String> choices() {
        return Stream.concat(
                        groups.values().stream().map(name -> GROUP + name),
                        addressGroups.values().stream().map(name -> ADDRESSES + name))
                .toList();
    }
}
