package cloud.freehold.agent.dataplane;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.FlowRecord;
import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.api.query.DescribedPacket;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.LiveConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The connections of one NIC, in memory; one page holds three. */
public final class FakeInside implements InsideLink.Opener {
    private static final int PAGE = 3;

    final UUID nic;
    final List<LiveConnection> connections = new ArrayList<>();
    final List<DropEvent> events = new ArrayList<>();
    final List<FlowRecord> flows = new ArrayList<>();
    long flowEpoch = 77;
    final List<List<Change>> previewed = new ArrayList<>();
    int opened;
    private int generation;
    private boolean up = true;

    public FakeInside(UUID nic) {
        this.nic = nic;
    }

    public void add(LiveConnection connection) {
        connections.add(connection);
    }

    /** Connections that are open break; new ones can be made. */
    void restart() {
        generation++;
    }

    void up(boolean now) {
        up = now;
        generation++;
    }

    public Inspector inspector() {
        return new Inspector(this, Clock.fixed(Instant.EPOCH.plusSeconds(1_800_000_000), ZoneOffset.UTC));
    }

    @Override
    public InsideLink open() throws DataplaneException {
        if (!up) {
            throw new DataplaneException.Unavailable("down");
        }
        opened++;
        int mine = generation;
        return new InsideLink() {
            private void check(UUID asked) throws DataplaneException {
                if (mine != generation) {
                    throw new DataplaneException.Unavailable("the connection broke");
                }
                if (!nic.equals(asked)) {
                    throw new DataplaneException.Refused(new ObjectRef(ObjectKind.NIC, asked), false, "no such port");
                }
            }

            @Override
            public Page connections(UUID asked, long cursor) throws DataplaneException {
                check(asked);
                int from = (int) cursor;
                int to = Math.min(connections.size(), from + PAGE);
                return new Page(List.copyOf(connections.subList(from, to)), to == connections.size() ? 0 : to);
            }

            @Override
            public int end(UUID asked, ConnectionName which) throws DataplaneException {
                check(asked);
                return connections.removeIf(connection -> connection.name().equals(which)) ? 1 : 0;
            }

            @Override
            public int endAll(UUID asked) throws DataplaneException {
                check(asked);
                int all = connections.size();
                connections.clear();
                return all;
            }

            @Override
            public Finding.Verdict test(UUID asked, DescribedPacket packet) throws DataplaneException {
                check(asked);
                return new Finding.Verdict(true, null, Finding.Verdict.PacketClass.NEW, null);
            }

            @Override
            public long cuts(List<Change> changes, Duration deadline) throws DataplaneException {
                check(nic);
                previewed.add(changes);
                return 2;
            }

            @Override
            public Drops drops(long cursor) throws DataplaneException {
                check(nic);
                int to = (int) Math.min(events.size(), cursor + PAGE);
                return new Drops(List.copyOf(events.subList((int) cursor, to)), to);
            }

            @Override
            public FlowBatch flows(long epoch, long taken) throws DataplaneException {
                check(nic);
                if (epoch == flowEpoch) {
                    flows.removeIf(flow -> flow.sequence() <= taken);
                }
                return new FlowBatch(flowEpoch, 0, List.copyOf(flows.subList(0, Math.min(PAGE, flows.size()))));
            }

            @Override
            public void close() {}
        };
    }
}
