package cloud.freehold.api.query;

import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.UUID;

/**
 * What is asked.
 *
 * @param <F> what a good answer holds
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Question.ListConnections.class, name = "list-connections"),
    @JsonSubTypes.Type(value = Question.EndConnections.class, name = "end-connections"),
    @JsonSubTypes.Type(value = Question.TestPacket.class, name = "test-packet"),
    @JsonSubTypes.Type(value = Question.PreviewGroup.class, name = "preview-group")
})
public sealed interface Question<F extends Finding> {

    /** Of what class a good answer is. */
    Class<F> findingType();

    /**
     * A page of a NIC's live connections.
     *
     * @param descending the greatest first
     * @param after where the page before ended, null: the first page
     * @param limit 1–{@value #MOST_LISTED}
     */
    record ListConnections(
            UUID nicId, ConnectionFilter filter, Order order, boolean descending, Position after, int limit)
            implements Question<Finding.Connections> {

        @Override
        public Class<Finding.Connections> findingType() {
            return Finding.Connections.class;
        }

        public static final int MOST_LISTED = 500;

        public enum Order {
            AGE,
            EXPIRES,
            PACKETS,
            BYTES,
            REMOTE,
            STATE
        }

        /** The value that was sorted by, and the connection's handle among equal ones. */
        public record Position(String value, long handle) {}
    }

    /**
     * Ends connections of a NIC: those named, or all that match.
     *
     * @param which named ones; null: all that match the filter
     * @param filter null with {@code which}
     */
    record EndConnections(UUID nicId, List<ConnectionName> which, ConnectionFilter filter)
            implements Question<Finding.Ended> {

        @Override
        public Class<Finding.Ended> findingType() {
            return Finding.Ended.class;
        }
    }

    /** What would become of a packet at this NIC now. */
    record TestPacket(UUID nicId, DescribedPacket packet) implements Question<Finding.Verdict> {

        @Override
        public Class<Finding.Verdict> findingType() {
            return Finding.Verdict.class;
        }
    }

    /**
     * How many live connections a security group would cut if it became so. Nothing is changed.
     *
     * @param sets whole, those that the group refers to and the host may not have
     */
    record PreviewGroup(DesiredSecurityGroup group, List<DesiredAddressSet> sets) implements Question<Finding.Cuts> {

        @Override
        public Class<Finding.Cuts> findingType() {
            return Finding.Cuts.class;
        }
    }
}
