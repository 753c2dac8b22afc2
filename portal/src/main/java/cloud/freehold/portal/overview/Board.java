package cloud.freehold.portal.overview;

import cloud.freehold.portal.backup.VmHealth;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.QuotaUse;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.operation.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the overview shows. */
public record Board(
        List<VmView> vms,
        List<NicView> nics,
        List<Operation> recent,
        List<Operation> open,
        List<Operation> failed,
        List<QuotaUse> quotas,
        List<VmHealth> backups) {

    private static final int FULL = 90;
    private static final int FEW = 3;
    private static final int SHOWN_VMS = 12;

    /** What somebody should look at. */
    public record Attention(String chip, String what, String name, String path, String text) {}

    public long running() {
        return vms.stream().filter(vm -> "running".equals(vm.state().chip())).count();
    }

    public long enforced() {
        return nics.stream().filter(NicView::isEnforced).count();
    }

    public int openOperations() {
        return open.size();
    }

    public long backedUp() {
        return backups.stream()
                .filter(vm -> vm.state() == VmHealth.State.IN_TIME || vm.state() == VmHealth.State.UNWATCHED)
                .count();
    }

    public long toBackUp() {
        return backups.stream().filter(VmHealth::exists).count();
    }

    /** What stands below the number of VMs that have a recovery point. */
    public String backupNote() {
        long late =
                backups.stream().filter(vm -> vm.state() == VmHealth.State.LATE).count();
        return late > 0 ? late + " late" : backedUp() == toBackUp() ? "none is late" : "the others have no point yet";
    }

    /** Such as "2 running, 1 stopped". */
    public String states() {
        return vms.stream()
                .collect(Collectors.groupingBy(vm -> vm.state().label(), TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }

    /** A tenant with many has their list for the others. */
    public List<VmView> firstVms() {
        return vms.subList(0, Math.min(SHOWN_VMS, vms.size()));
    }

    public List<Attention> attention() {
        List<Attention> attention = new ArrayList<>();
        List<VmView> away = new ArrayList<>();
        for (VmView vm : vms) {
            String path = "/vms/" + vm.id();
            if (vm.problem() != null) {
                attention.add(new Attention(
                        "error", "problem", vm.name(), path, vm.problem().message()));
            } else if (vm.hostAway()) {
                away.add(vm);
            } else if (vm.state().chip().equals("error")) {
                attention.add(new Attention("error", "crashed", vm.name(), path, "Look at it, then start it."));
            }
        }
        addAway(attention, away);
        nics.stream()
                .filter(nic -> nic.problem() != null)
                .forEach(nic -> attention.add(new Attention(
                        "failed",
                        "not enforced",
                        nic.vm() + "/eth" + nic.index(),
                        "/vms",
                        nic.problem() == null ? "" : nic.problem())));
        backups.stream()
                .filter(vm -> vm.state() == VmHealth.State.LATE)
                .forEach(vm -> attention.add(new Attention(
                        "warning",
                        "backup late",
                        vm.name(),
                        "/vms/" + vm.vm() + "/backups",
                        vm.failure() == null
                                ? "Its latest recovery point is older than its policy allows. Back it up now."
                                : "The last backup failed: " + vm.failure().message())));
        failed.forEach(operation -> attention.add(new Attention(
                "failed",
                "failed",
                operation.kind().label() + " " + operation.targetName(),
                "/operations/" + operation.id(),
                operation.errorMessage() == null ? "" : operation.errorMessage())));
        quotas.stream()
                .filter(quota -> quota.percent() >= FULL)
                .forEach(quota -> attention.add(new Attention(
                        "warning",
                        "quota",
                        quota.label(),
                        "/vms",
                        quota.used() + " of " + quota.limit() + " are used. Ask the provider before you need more.")));
        return attention;
    }

    /** A host that is away is one thing to look at, however many VMs it has. */
    private static void addAway(List<Attention> attention, List<VmView> away) {
        String meaning = "Its state is the last known one; changes wait.";
        if (away.size() <= FEW) {
            away.forEach(
                    vm -> attention.add(new Attention("away", "host away", vm.name(), "/vms/" + vm.id(), meaning)));
            return;
        }
        String names = away.stream().limit(FEW).map(VmView::name).collect(Collectors.joining(", "));
        attention.add(new Attention(
                "away",
                "host away",
                away.size() + " VMs",
                "/vms",
                names + " and " + (away.size() - FEW) + " more: their state is the last known one; changes wait."));
    }
}
