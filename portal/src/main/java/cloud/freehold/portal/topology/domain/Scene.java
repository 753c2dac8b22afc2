package cloud.freehold.portal.topology.domain;

import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Router;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What there is to be drawn or listed, in one order: networks under the router that joins them, the others at the end. */
public record Scene(List<Group> groups, List<Member> unconnected) {

    /** @param router null: the networks that no router joins */
    public record Group(@Nullable Router router, List<Segment> segments) {}

    public record Segment(Network network, List<Member> members) {}

    /**
     * A VM with one of its NICs.
     *
     * @param nic null: the VM has none
     */
    public record Member(VmView vm, @Nullable NicView nic) {

        public String address() {
            return nic == null || nic.addresses().isEmpty()
                    ? ""
                    : nic.addresses().get(0);
        }

        /** The VM, and which of its NICs when there may be a doubt. */
        public String name() {
            return nic == null || nic.index() == 0 ? vm.name() : vm.name() + "/" + nic.name();
        }
    }

    public static Scene of(List<Router> routers, List<Network> networks, List<VmView> vms, List<NicView> nics) {
        Map<VmId, VmView> byId = vms.stream().collect(Collectors.toMap(VmView::id, Function.identity()));
        Map<NetworkId, List<Member>> members = new HashMap<>();
        nics.stream()
                .sorted(Comparator.comparing(NicView::vm).thenComparing(NicView::index))
                .forEach(nic -> {
                    VmView vm = byId.get(new VmId(nic.vmId()));
                    if (vm != null) {
                        members.computeIfAbsent(nic.networkId(), network -> new ArrayList<>())
                                .add(new Member(vm, nic));
                    }
                });
        List<Group> groups = new ArrayList<>();
        for (Router router : routers) {
            groups.add(new Group(router, segments(networks, members, router)));
        }
        List<Segment> alone = segments(networks, members, null);
        if (!alone.isEmpty()) {
            groups.add(new Group(null, alone));
        }
        List<UUID> connected = nics.stream().map(NicView::vmId).toList();
        return new Scene(
                groups,
                vms.stream()
                        .filter(vm -> !connected.contains(vm.id().value()))
                        .map(vm -> new Member(vm, null))
                        .toList());
    }

    private static List<Segment> segments(
            List<Network> networks, Map<NetworkId, List<Member>> members, @Nullable Router router) {
        return networks.stream()
                .filter(network -> router == null
                        ? network.router() == null
                        : network.router() != null && network.router().id().equals(router.id()))
                .map(network -> new Segment(network, members.getOrDefault(network.id(), List.of())))
                .toList();
    }

    public boolean isEmpty() {
        return groups.isEmpty() && unconnected.isEmpty();
    }
}
