package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.desired.DesiredRule;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A rule as the firewall keeps it: a row, or an element of a version's JSON with the same names in camel case. */
record StoredRule(
        UUID id,
        UUID groupId,
        DesiredRule.Direction direction,
        DesiredRule.EtherType etherType,
        @Nullable Integer protocol,
        @Nullable Integer portMin,
        @Nullable Integer portMax,
        @Nullable Integer icmpType,
        @Nullable Integer icmpCode,
        @Nullable String remotePrefix,
        @Nullable UUID remoteGroupId,
        @Nullable UUID remoteAddressGroupId,
        DesiredRule.Action action,
        boolean log,
        @Nullable Instant expiresAt) {

    static StoredRule read(ResultSet row, int number) throws SQLException {
        OffsetDateTime expires = row.getObject("expires_at", OffsetDateTime.class);
        return new StoredRule(
                row.getObject("id", UUID.class),
                row.getObject("group_id", UUID.class),
                DesiredRule.Direction.valueOf(row.getString("direction")),
                DesiredRule.EtherType.valueOf(row.getString("ethertype")),
                row.getObject("protocol", Integer.class),
                row.getObject("port_min", Integer.class),
                row.getObject("port_max", Integer.class),
                row.getObject("icmp_type", Integer.class),
                row.getObject("icmp_code", Integer.class),
                row.getString("remote_prefix"),
                row.getObject("remote_group_id", UUID.class),
                row.getObject("remote_address_group_id", UUID.class),
                DesiredRule.Action.valueOf(row.getString("action")),
                row.getBoolean("log"),
                expires == null ? null : expires.toInstant());
    }

    /** Valid in the part of [from, until) before it expires; null ends are open. */
    DesiredRule desired(@Nullable Instant from, @Nullable Instant until) {
        Instant end = until == null || (expiresAt != null && expiresAt.isBefore(until)) ? expiresAt : until;
        SetRef set = remoteGroupId != null
                ? new SetRef(ObjectKind.GROUP_MEMBERS, remoteGroupId)
                : remoteAddressGroupId != null ? new SetRef(ObjectKind.ADDRESS_GROUP, remoteAddressGroupId) : null;
        return new DesiredRule(
                id,
                direction,
                etherType,
                protocol,
                portMin,
                portMax,
                icmpType,
                icmpCode,
                remotePrefix,
                set,
                action,
                log,
                from,
                end);
    }
}
