package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.firewall.PacketWords;
import cloud.freehold.portal.traffic.domain.Flow;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Flows as RFC 4180 text. Nothing in it comes from people: no cell needs to be quoted or kept from being a formula. */
final class FlowCsv {

    static final String HEAD =
            "first_packet,last_packet,direction,protocol,remote_address,remote_port,local_address,local_port,"
                    + "public_address,public_port,received_bytes,received_packets,sent_bytes,sent_packets,ended,verdict,rule_id\r\n";

    private FlowCsv() {}

    static String line(Flow flow) {
        return Stream.of(
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
                                orEmpty(flow.ruleId()))
                        .map(Object::toString)
                        .collect(Collectors.joining(","))
                + "\r\n";
    }

    private static Object orEmpty(@Nullable Object value) {
        return value == null ? "" : value;
    }
}
