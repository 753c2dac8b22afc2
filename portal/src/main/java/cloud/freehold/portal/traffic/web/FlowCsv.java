package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.firewall.PacketWords;
import cloud.freehold.portal.traffic.domain.Flow;
import cloud.freehold.portal.traffic.domain.FlowExport;
import cloud.freehold.portal.traffic.domain.FlowGap;
import java.io.PrintWriter;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Flows as RFC 4180 text. Nothing in it comes from people: no cell needs to be quoted or kept from being a formula.
 *
 * <p>The last column, {@code missing}, is 0 in the row of a connection. A row in which it is more stands for connections
 * whose records found no room at the host, at least so many: {@code first_packet} and {@code last_packet} are the hour in
 * which that was noticed, words and addresses are empty and numbers 0, so that sums are right as they are and columns
 * stay numbers. Leave these rows out with {@code missing = 0}.
 */
final class FlowCsv {

    private static final String HEAD =
            "first_packet,last_packet,direction,protocol,remote_address,remote_port,local_address,local_port,"
                    + "public_address,public_port,received_bytes,received_packets,sent_bytes,sent_packets,ended,verdict,rule_id,missing\r\n";

    private FlowCsv() {}

    /** Begins with the names of the columns. */
    static FlowExport.Sink to(PrintWriter out) {
        out.print(HEAD);
        return new FlowExport.Sink() {
            @Override
            public void flow(Flow flow) {
                out.print(line(flow));
            }

            @Override
            public void missing(FlowGap gap) {
                out.print(line(gap));
            }

            @Override
            public boolean isOpen() {
                return !out.checkError();
            }
        };
    }

    private static String line(Flow flow) {
        return line(
                flow.first(),
                flow.last(),
                flow.ingress() ? "in" : "out",
                PacketWords.protocolWord(flow.protocolNumber()),
                flow.remote(),
                flow.remotePort(),
                flow.local(),
                flow.localPort(),
                orEmpty(flow.publicAddress()),
                orEmpty(flow.publicPort()),
                flow.receivedBytes(),
                flow.receivedPackets(),
                flow.sentBytes(),
                flow.sentPackets(),
                flow.end().word(),
                flow.end().isAllowed() ? "allowed" : "cut",
                orEmpty(flow.ruleId()),
                0);
    }

    private static String line(FlowGap gap) {
        return line(gap.from(), gap.to(), "", "", "", 0, "", 0, "", "", 0, 0, 0, 0, "", "", "", gap.records());
    }

    private static String line(Object... cells) {
        return Stream.of(cells).map(Object::toString).collect(Collectors.joining(",")) + "\r\n";
    }

    private static Object orEmpty(@Nullable Object value) {
        return value == null ? "" : value;
    }
}
