package cloud.freehold.api.query;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.UUID;

/** What a host found. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Finding.Connections.class, name = "connections"),
    @JsonSubTypes.Type(value = Finding.Ended.class, name = "ended"),
    @JsonSubTypes.Type(value = Finding.Verdict.class, name = "verdict"),
    @JsonSubTypes.Type(value = Finding.Cuts.class, name = "cuts")
})
public sealed interface Finding {

    /**
     * @param connections in the order asked for
     * @param matching how many match in all
     * @param live how many the NIC has in all
     * @param complete false: there are more than could be looked at in time, which the counts and the order leave out
     * @param next where the next page goes on; null: this is the last one
     */
    record Connections(
            List<LiveConnection> connections,
            long matching,
            long live,
            boolean complete,
            Question.ListConnections.Position next)
            implements Finding {}

    /** @param ended how many were there and are no longer */
    record Ended(long ended) implements Finding {}

    /**
     * @param reason null when it passes; else the dataplane's name of it, such as {@code default} or {@code rule}
     * @param packetClass what it is to the NIC's connections
     * @param ruleId that decided; null: none did
     */
    record Verdict(boolean allowed, String reason, PacketClass packetClass, UUID ruleId) implements Finding {

        public enum PacketClass {
            /** Neither opens a connection nor belongs to one. */
            UNTRACKED,
            /** Would open a connection. */
            NEW,
            /** Belongs to one that exists. */
            ESTABLISHED,
            /** An error message about one that exists. */
            RELATED
        }
    }

    /** @param connections of all NICs of this host together */
    record Cuts(long connections) implements Finding {}
}
