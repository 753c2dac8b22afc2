package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.NicState;
import cloud.freehold.portal.firewall.domain.NicState.Kind;
import java.util.Comparator;
import java.util.List;

/** "Attached to 14 NICs, enforced on 14 of 14", and each NIC's chip. */
record EnforcementView(List<NicState> nics) {

    private static final int CHIPS = 12;
    private static final int PAGE_SIZE = 50;

    public long enforced() {
        return nics.stream().filter(nic -> nic.kind() == Kind.ENFORCED).count();
    }

    public boolean isComplete() {
        return enforced() == nics.size();
    }

    /** A few NICs; those that wait come before those that are done. */
    public List<NicState> chips() {
        return nics.stream()
                .sorted(Comparator.comparing(nic -> nic.kind() == Kind.ENFORCED))
                .limit(CHIPS)
                .toList();
    }

    public int hidden() {
        return Math.max(0, nics.size() - CHIPS);
    }

    public int pages() {
        return Math.max(1, (nics.size() + PAGE_SIZE - 1) / PAGE_SIZE);
    }

    /** The NICs on one page of their table, from 1; a page behind the last is the last. */
    public List<NicState> page(int number) {
        int page = Math.min(number, pages());
        return nics.subList((page - 1) * PAGE_SIZE, Math.min(page * PAGE_SIZE, nics.size()));
    }

    public String sentence() {
        if (nics.isEmpty()) {
            return "Attached to no NIC: its rules have no effect yet.";
        }
        return "Attached to " + (nics.size() == 1 ? "1 NIC" : nics.size() + " NICs") + ", enforced on " + enforced()
                + " of " + nics.size() + ".";
    }
}
