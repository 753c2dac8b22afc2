package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.firewall.PacketWords;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads what somebody types to find connections: {@code 10.0.0.0/24 tcp 5432 established in}. */
public final class ConnectionSearch {

    /** What the dataplane calls a connection's state, in the order of its life. */
    public static final List<String> STATES = List.of(
            "syn-sent",
            "syn-received",
            "established",
            "fin-wait",
            "close-wait",
            "last-ack",
            "time-wait",
            "closed",
            "syn-sent-2",
            "unreplied",
            "replied");

    private static final int LONGEST = 200;
    private static final int HIGHEST_PORT = 65_535;

    private @Nullable String remote;
    private @Nullable Integer port;
    private @Nullable Integer protocol;
    private @Nullable String state;
    private @Nullable Boolean ingress;

    private ConnectionSearch() {}

    /** @throws InvalidInputException for field {@code q}, with what can be written instead */
    public static ConnectionFilter read(String text) {
        ConnectionSearch search = new ConnectionSearch();
        if (text.length() > LONGEST) {
            throw refused("This is too long to search for.");
        }
        for (String word : text.strip().toLowerCase(Locale.ROOT).split("[\\s,]+")) {
            if (!word.isEmpty()) {
                search.take(word);
            }
        }
        return new ConnectionFilter(search.remote, search.port, search.protocol, search.state, search.ingress, null);
    }

    private void take(String word) {
        OptionalInt number = PacketWords.protocolNumber(word);
        if (STATES.contains(word)) {
            state = word;
        } else if (word.equals("in") || word.equals("ingress")) {
            ingress = true;
        } else if (word.equals("out") || word.equals("egress")) {
            ingress = false;
        } else if (word.matches("[0-9]{1,5}") && Integer.parseInt(word) <= HIGHEST_PORT) {
            port = Integer.valueOf(word);
        } else if (number.isPresent()) {
            protocol = number.getAsInt();
        } else {
            remote = PacketWords.address(word)
                    .orElseThrow(
                            () -> refused("“" + word + "” is nothing to search for. Write an address or CIDR, a port,"
                                    + " a protocol, a state like established, or in or out."));
        }
    }

    private static InvalidInputException refused(String message) {
        return InvalidInputException.field("connections.filter", "q", message);
    }
}
