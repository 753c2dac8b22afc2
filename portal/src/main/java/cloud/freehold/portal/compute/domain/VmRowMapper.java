package cloud.freehold.portal.compute.domain;

import cloud.freehold.portal.compute.NicPlug;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmState;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.hostlink.Hosts;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.operation.OperationKind;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** From rows to what pages show. */
final class VmRowMapper {

    private VmRowMapper() {}

    static VmView vm(ResultSet row, JsonMapper json, Instant now) throws SQLException {
        UUID hostId = row.getObject("host_id", UUID.class);
        Instant lastSeen = instant(row, "last_seen_at");
        String open = row.getString("open_kind");
        OperationKind kind = open == null ? null : OperationKind.valueOf(open);
        String guest = row.getString("guest");
        String problem = row.getString("problem");
        return new VmView(
                new VmId(row.getObject("id", UUID.class)),
                row.getString("name"),
                row.getString("description"),
                VmState.of(row.getObject("deleting_since") != null, hostId != null, row.getString("reported"), kind),
                "RUNNING".equals(row.getString("power")),
                row.getString("image_name"),
                row.getString("flavor_name"),
                row.getInt("vcpus"),
                row.getLong("memory_mib"),
                row.getLong("disk_gib"),
                strings(row, "addresses"),
                guest == null ? null : json.readValue(guest, VmView.Guest.class),
                problem == null ? null : json.readValue(problem, VmView.VmProblem.class),
                kind == null ? null : kind.label(),
                row.getBoolean("deletion_protection"),
                hostId,
                lastSeen,
                hostId != null && Hosts.isAway(lastSeen, now),
                instant(row, "started_at"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getLong("version"));
    }

    static NicView nic(ResultSet row, Instant now) throws SQLException {
        Instant lastSeen = instant(row, "host_last_seen_at");
        return new NicView(
                row.getObject("id", UUID.class),
                row.getLong("version"),
                row.getInt("device_index"),
                row.getObject("vm_id", UUID.class),
                row.getString("vm_name"),
                new NetworkId(row.getObject("network_id", UUID.class)),
                row.getString("network"),
                row.getString("mac"),
                strings(row, "addresses"),
                row.getBoolean("port_security"),
                strings(row, "allowed"),
                strings(row, "groups"),
                row.getObject("desired_revision", Long.class),
                row.getObject("applied_revision", Long.class),
                NicPlug.of(row.getBoolean("runs"), row.getString("link")),
                row.getString("problem"),
                instant(row, "committed_at"),
                instant(row, "applied_at"),
                row.getObject("host_id") != null && Hosts.isAway(lastSeen, now),
                row.getLong("rx_packets"),
                row.getLong("rx_bytes"),
                row.getLong("tx_packets"),
                row.getLong("tx_bytes"),
                row.getLong("drops"),
                row.getLong("connections"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static List<String> strings(ResultSet row, String column) throws SQLException {
        return Arrays.asList((String[]) row.getArray(column).getArray());
    }
}
