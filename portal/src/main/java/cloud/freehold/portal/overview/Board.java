package cloud.freehold.portal.overview;

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
        List<QuotaUse> quotas) {

    private static final int FULL = 90;

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

    /** Such as "2 running, 1 stopped". */
    public String states() {
        return vms.stream()
                .collect(Collectors.groupingBy(vm -> vm.state().label(), TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }

    public List<Attention> attention() {
        List<Attention> attention = new ArrayList<>();
        for (VmView vm : vms) {
            String path = "/vms/" + vm.id();
            if (vm.problem() != null) {
                attention.add(new Attention(
                        "error", "problem", vm.name(), path, vm.problem().message()));
            } else if (vm.hostAway()) {
                attention.add(new Attention(
                        "away", "host away", vm.name(), path, "Its state is the last known one; changes wait."));
            } else if (vm.state().chip().equals("error")) {
                attention.add(new Attention("error", "crashed", vm.name(), path, "Look at it, then start it."));
            }
        }
        nics.stream()
                .filter(nic -> nic.problem() != null)
                .forEach(nic -> attention.add(new Attention(
                        "failed",
                        "not enforced",
                        nic.vm() + "/eth" + nic.index(),
                        "/vms",
                        nic.problem() == null ? "" : nic.problem())));
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
}
