package cloud.freehold.api.desired;

import java.time.Instant;
import java.util.UUID;

/**
 * One enabled rule. Null means any, or unbounded.
 *
 * @param protocol 0–255, null any
 * @param portMin 0–65535, with portMax, for TCP, UDP, SCTP, DCCP, UDP-Lite
 * @param icmpType 0–255 for ICMP and ICMPv6
 * @param remotePrefix CIDR; at most one of remotePrefix and remoteSet is given
 * @param remoteSet an address set's id
 * @param validFrom inclusive
 * @param validUntil exclusive
 */
public record DesiredRule(
        UUID id,
        Direction direction,
        EtherType etherType,
        Integer protocol,
        Integer portMin,
        Integer portMax,
        Integer icmpType,
        Integer icmpCode,
        String remotePrefix,
        DesiredAddressSet.SetRef remoteSet,
        Action action,
        boolean log,
        Instant validFrom,
        Instant validUntil) {

    public enum Direction {
        INGRESS,
        EGRESS
    }

    /** Null ethertype does not exist: ANY says it. */
    public enum EtherType {
        ANY,
        IPV4,
        IPV6
    }

    public enum Action {
        ALLOW,
        DROP
    }
}
