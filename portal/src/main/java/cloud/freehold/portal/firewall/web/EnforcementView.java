package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.NicState;
import cloud.freehold.portal.firewall.domain.NicState.Kind;
import java.util.List;

/** "Attached to 14 NICs, enforced on 14 of 14", and each NIC's chip. */
record EnforcementView(List<NicState> nics) {

    private static final int CHIPS = 60;

    public long enforced() {
        return nics.stream().filter(nic -> nic.kind() == Kind.ENFORCED).count();
    }

    public boolean isComplete() {
        return enforced() == nics.size();
    }

    public List<NicState> chips() {
        return nics.size() <= CHIPS
                ? nics
                : nics.stream()
                        .sorted((a, b) -> Boolean.compare(a.kind() == Kind.ENFORCED, b.kind() == Kind.ENFORCED))
                        .limit(CHIPS)
                        .toList();
    }

    public int hidden() {
        return Math.max(0, nics.size() - CHIPS);
    }

    public String sentence() {
        if (nics.isEmpty()) {
            return "Attached to no NIC: its rules have no effect yet.";
        }
        return "Attached to " + (nics.size() == 1 ? "1 NIC" : nics.size() + " NICs") + ", enforced on " + enforced()
                + " of " + nics.size() + ".";
    }
}
