package cloud.freehold.portal.traffic.domain;

import cloud.freehold.portal.common.TenantId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * All that a filter finds in the flow log of a NIC, the latest first. It is read in pieces, each in a transaction of its own:
 * a reader may be as slow as it likes and holds neither a connection to the database nor more than a piece in memory.
 */
@Component
public class FlowExport {

    /** Flows read at once. */
    public static final int PIECE = 1_000;

    private final Flows flows;

    FlowExport(Flows flows) {
        this.flows = flows;
    }

    /** Takes what there is, in order. */
    public interface Sink {

        void flow(Flow flow);

        /** What is missing from an hour, whatever is searched for. */
        void missing(FlowGap gap);

        /** Asked after each piece; false: whoever wanted it has gone, and the rest need not be read. */
        boolean isOpen();
    }

    public void write(TenantId tenant, TrafficNic nic, FlowFilter filter, Sink sink) {
        Deque<FlowGap> gaps = new ArrayDeque<>(flows.gaps(tenant, nic, null, null));
        List<Flow> piece = flows.rows(tenant, nic, filter, null, PIECE);
        while (!piece.isEmpty() && sink.isOpen()) {
            for (Flow flow : piece) {
                while (!gaps.isEmpty() && gaps.peek().to().isAfter(flow.last())) {
                    sink.missing(gaps.pop());
                }
                sink.flow(flow);
            }
            FlowPlace end = FlowPlace.of(piece.get(piece.size() - 1));
            piece = piece.size() < PIECE ? List.of() : flows.rows(tenant, nic, filter, end, PIECE);
        }
        gaps.forEach(sink::missing);
    }
}
