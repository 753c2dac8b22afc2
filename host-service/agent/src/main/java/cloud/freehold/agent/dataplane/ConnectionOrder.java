package cloud.freehold.agent.dataplane;

import cloud.freehold.api.query.LiveConnection;
import cloud.freehold.api.query.Question.ListConnections;
import cloud.freehold.api.query.Question.ListConnections.Order;
import cloud.freehold.api.query.Question.ListConnections.Position;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Picks a page out of connections that come in any order, and remembers only so many as the page has.
 *
 * <p>Positions are texts that sort like what they stand for. Age and expiry stand as points in time, which do not move
 * between two pages as spans would.
 */
final class ConnectionOrder {
    private record Placed(LiveConnection connection, Position position) {}

    private final ListConnections wanted;
    private final long nowMillis;
    private final Comparator<Position> order;
    /** The last of those picked is at the head. */
    private final PriorityQueue<Placed> picked;

    private boolean more;

    ConnectionOrder(ListConnections wanted, long nowMillis) {
        this.wanted = wanted;
        this.nowMillis = nowMillis;
        var upwards = Comparator.comparing(Position::value).thenComparing(Position::handle);
        this.order = wanted.descending() ? upwards.reversed() : upwards;
        this.picked = new PriorityQueue<>(Comparator.comparing(Placed::position, order.reversed()));
    }

    void offer(LiveConnection connection) {
        var position = new Position(value(connection), connection.name().handle());
        if (wanted.after() != null && order.compare(position, wanted.after()) <= 0) {
            return;
        }
        picked.add(new Placed(connection, position));
        if (picked.size() > wanted.limit()) {
            picked.poll();
            more = true;
        }
    }

    List<LiveConnection> page() {
        return inOrder().stream().map(Placed::connection).toList();
    }

    /** Null: the page is the last one. */
    Position next() {
        var placed = inOrder();
        return more && !placed.isEmpty() ? placed.get(placed.size() - 1).position() : null;
    }

    private List<Placed> inOrder() {
        var placed = new ArrayList<>(picked);
        placed.sort(Comparator.comparing(Placed::position, order));
        return placed;
    }

    private String value(LiveConnection connection) {
        return switch (wanted.order() == null ? Order.AGE : wanted.order()) {
            // Older is more, as the column says.
            case AGE -> number(Long.MAX_VALUE - (nowMillis - connection.ageMillis()));
            case EXPIRES -> number(nowMillis + connection.expiresInMillis());
            case PACKETS -> number(connection.packetsForth() + connection.packetsBack());
            case BYTES -> number(connection.bytesForth() + connection.bytesBack());
            case REMOTE -> remote(connection);
            case STATE -> connection.state();
        };
    }

    private static String number(long value) {
        return "%019d".formatted(Math.max(0, value));
    }

    private static String remote(LiveConnection connection) {
        var name = connection.name();
        var address = connection.ingress() ? name.source() : name.destination();
        int port = connection.ingress() ? name.sourcePort() : name.destinationPort();
        return HexFormat.of().formatHex(IpPrefix.parse(address).address()) + "%05d".formatted(port);
    }
}
