package cloud.freehold.agent.dataplane;

import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.api.query.LiveConnection;
import java.util.function.Predicate;

/** Whether a connection is one of those that a filter means. */
final class ConnectionMatch implements Predicate<LiveConnection> {
    private final ConnectionFilter filter;
    private final IpPrefix remote;

    /** @throws IllegalArgumentException the filter's remote is no address and no CIDR */
    ConnectionMatch(ConnectionFilter filter) {
        this.filter = filter == null ? ConnectionFilter.ALL : filter;
        this.remote = this.filter.remote() == null ? null : IpPrefix.parse(this.filter.remote());
    }

    boolean isEverything() {
        return filter.equals(ConnectionFilter.ALL);
    }

    @Override
    public boolean test(LiveConnection connection) {
        var name = connection.name();
        boolean icmp = name.protocol() == 1 || name.protocol() == 58;
        return (filter.protocol() == null || filter.protocol() == name.protocol())
                && (filter.state() == null || filter.state().equals(connection.state()))
                && (filter.ingress() == null || filter.ingress() == connection.ingress())
                && (filter.ruleId() == null || filter.ruleId().equals(connection.ruleId()))
                && (filter.port() == null
                        || !icmp && (filter.port() == name.sourcePort() || filter.port() == name.destinationPort()))
                && (remote == null || contains(connection.ingress() ? name.source() : name.destination()));
    }

    private boolean contains(String text) {
        var address = IpPrefix.parse(text).address();
        if (address.length != remote.address().length) {
            return false;
        }
        for (int bit = 0; bit < remote.length(); bit += Byte.SIZE) {
            int left = Math.min(Byte.SIZE, remote.length() - bit);
            int mask = 0xff << (Byte.SIZE - left) & 0xff;
            int index = bit / Byte.SIZE;
            if (((address[index] ^ remote.address()[index]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }
}
