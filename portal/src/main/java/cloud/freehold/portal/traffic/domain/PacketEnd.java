package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.Finding.Verdict;
import cloud.freehold.portal.firewall.RuleMention;
import cloud.freehold.portal.traffic.domain.Remedies.Remedy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one end makes of a tested packet.
 *
 * @param ingress the packet comes to this NIC
 * @param verdict null when it is not known; then {@code trouble} says why
 * @param rule that decided, if one did that there still is
 * @param remedies how to let it pass
 */
public record PacketEnd(
        TrafficNic nic,
        boolean ingress,
        @Nullable Verdict verdict,
        @Nullable RuleMention rule,
        @Nullable String trouble,
        List<Remedy> remedies) {

    public boolean isKnown() {
        return verdict != null;
    }

    public boolean isAllowed() {
        return verdict != null && verdict.allowed();
    }

    public boolean isDropped() {
        return verdict != null && !verdict.allowed();
    }

    /** "reaches db/eth0", "leaves web/eth0". */
    public String place() {
        return (ingress ? "reaches " : "leaves ") + nic.name();
    }

    public String reason() {
        return verdict == null ? "" : DropReason.titleOf(verdict.reason());
    }

    /** Why, in a sentence. */
    public String why() {
        if (verdict == null) {
            return trouble == null ? "" : trouble;
        }
        if (!verdict.allowed()) {
            DropReason reason = DropReason.of(verdict.reason());
            return reason == null ? "" : reason.advice();
        }
        if (verdict.packetClass() == Verdict.PacketClass.ESTABLISHED) {
            return "It belongs to a connection that is open now, so it passes as long as that one may.";
        }
        String opens =
                verdict.packetClass() == Verdict.PacketClass.NEW ? " It opens a connection, and the answers pass." : "";
        if (verdict.ruleId() == null) {
            return "No rule is about it, and what goes out without a rule is allowed." + opens;
        }
        return rule == null
                ? "It is allowed until the change of a group's egress default is confirmed." + opens
                : "A rule allows it." + opens;
    }
}
