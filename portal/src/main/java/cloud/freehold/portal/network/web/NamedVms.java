package cloud.freehold.portal.network.web;

import cloud.freehold.portal.network.NetworkNic;
import java.util.List;

/**
 * VMs for a sentence: "web, db and 12 more".
 */
record NamedVms(List<String> names) {

    private static final int NAMED = 5;

    static NamedVms of(List<NetworkNic> nics) {
        return new NamedVms(nics.stream().map(NetworkNic::vm).distinct().toList());
    }

    int count() {
        return names.size();
    }

    /** Such as "3 VMs lose". */
    public String lose() {
        return count() == 1 ? "1 VM loses" : count() + " VMs lose";
    }

    @Override
    public String toString() {
        return names.size() <= NAMED
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, NAMED)) + " and " + (names.size() - NAMED) + " more";
    }
}
