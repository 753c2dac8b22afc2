package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.DescribedPacket;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Finding.Verdict;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.firewall.Firewall;
import cloud.freehold.portal.firewall.RuleMention;
import cloud.freehold.portal.hostlink.HostQuestions;
import cloud.freehold.portal.hostlink.Reply;
import cloud.freehold.portal.traffic.domain.Remedies.Remedy;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Asks the dataplanes what they would do to a packet. Between two NICs of the tenant both ends are asked, the sender's
 * first, as a packet meets them. Not for use in a transaction: it waits for hosts.
 */
@Component
public class PacketTester {

    private final HostQuestions hosts;
    private final TrafficNics nics;
    private final Firewall firewall;
    private final Remedies remedies;
    private final TenantTransaction transactions;

    PacketTester(
            HostQuestions hosts,
            TrafficNics nics,
            Firewall firewall,
            Remedies remedies,
            TenantTransaction transactions) {
        this.hosts = hosts;
        this.nics = nics;
        this.firewall = firewall;
        this.remedies = remedies;
        this.transactions = transactions;
    }

    private record Asked(
            TrafficNic nic,
            DescribedPacket packet,
            @Nullable Verdict verdict,
            @Nullable String trouble) {}

    /** One end, or two in the order in which the packet meets them. */
    public List<PacketEnd> test(TenantId tenant, TestedPacket tested) {
        TrafficNic peer = nics.neighbours(tenant, tested.nic().networkId(), List.of(tested.remote()))
                .get(tested.remote());
        List<Asked> asked = new ArrayList<>();
        asked.add(ask(tenant, tested.nic(), tested.packet()));
        if (peer != null && !peer.id().equals(tested.nic().id())) {
            asked.add(tested.ingress() ? 0 : 1, ask(tenant, peer, turned(tested.packet())));
        }
        return transactions.read(
                tenant, () -> asked.stream().map(each -> end(tenant, each)).toList());
    }

    /** The same packet as the other end sees it. */
    private static DescribedPacket turned(DescribedPacket packet) {
        return new DescribedPacket(
                !packet.ingress(),
                packet.protocol(),
                packet.tcpFlags(),
                packet.source(),
                packet.sourcePort(),
                packet.destination(),
                packet.destinationPort());
    }

    private Asked ask(TenantId tenant, TrafficNic nic, DescribedPacket packet) {
        if (!packet.ingress() && !SenderCheck.maySendFrom(nic, packet.source())) {
            // Checked before rules are, and therefore not part of what the dataplane's evaluator is asked.
            return new Asked(
                    nic,
                    packet,
                    new Verdict(false, DropReason.SPOOFED_IP.code(), Verdict.PacketClass.UNTRACKED, null),
                    null);
        }
        Reply<Finding.Verdict> reply = hosts.ofNic(tenant, nic.id(), new Question.TestPacket(nic.id(), packet));
        return new Asked(nic, packet, reply.found().orElse(null), reply.trouble());
    }

    private PacketEnd end(TenantId tenant, Asked asked) {
        DescribedPacket packet = asked.packet();
        Verdict verdict = asked.verdict();
        UUID ruleId = verdict == null ? null : verdict.ruleId();
        RuleMention rule = ruleId == null
                ? null
                : firewall.mentions(tenant, List.of(ruleId)).get(ruleId);
        boolean allowable =
                verdict != null && !verdict.allowed() && DropReason.of(verdict.reason()) == DropReason.DEFAULT;
        List<Remedy> ways = allowable
                ? remedies.offer(tenant, asked.nic())
                        .allow(
                                packet.ingress(),
                                packet.protocol(),
                                packet.ingress() ? packet.source() : packet.destination(),
                                packet.destinationPort())
                : List.of();
        return new PacketEnd(asked.nic(), packet.ingress(), verdict, rule, asked.trouble(), ways);
    }
}
