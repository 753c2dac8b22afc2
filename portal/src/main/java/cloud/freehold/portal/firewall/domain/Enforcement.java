package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.NicState.Kind;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Desired against applied, for the NICs of a group or of a VM. */
@Component
public class Enforcement {

    /** A host asks at least this often; longer silence is absence. */
    private static final Duration SILENCE = Duration.ofSeconds(45);

    private static final String STATES = """
            SELECT e.nic_id, e.vm_id, v.name AS vm_name, n.device_index, e.host_id, e.desired_revision, e.applied_revision,
                   e.problem ->> 'message' AS problem, e.host_last_seen_at, e.committed_at, e.applied_at, e.addresses
            FROM enforcement_of_nics(ARRAY(%s)) e JOIN nic n ON n.id = e.nic_id JOIN vm v ON v.id = e.vm_id
            WHERE n.tenant_id = :tenant AND v.deleting_since IS NULL
            ORDER BY v.name, n.device_index""";

    private final JdbcClient jdbc;
    private final Clock clock;

    Enforcement(JdbcClient jdbc, Clock clock) {
        this.jdbc = jdbc;
        this.clock = clock;
    }

    @Transactional(readOnly = true)
    public List<NicState> ofGroup(TenantId tenant, SecurityGroupId group) {
        return query("SELECT nic_id FROM nic_security_group WHERE group_id = :id", tenant, group.value());
    }

    @Transactional(readOnly = true)
    public List<NicState> ofVm(TenantId tenant, UUID vm) {
        return query("SELECT id FROM nic WHERE vm_id = :id", tenant, vm);
    }

    private List<NicState> query(String nics, TenantId tenant, UUID id) {
        Instant now = clock.instant();
        return jdbc.sql(STATES.formatted(nics))
                .param("tenant", tenant.value())
                .param("id", id)
                .query((row, number) -> state(row, now))
                .list();
    }

    private static NicState state(ResultSet row, Instant now) throws SQLException {
        Instant seen = Times.instant(row, "host_last_seen_at");
        Instant committed = Times.instant(row, "committed_at");
        Instant applied = Times.instant(row, "applied_at");
        long desired = row.getLong("desired_revision");
        boolean told = !row.wasNull();
        boolean enforced = told && row.getLong("applied_revision") >= desired;
        boolean away = seen == null || seen.isBefore(now.minus(SILENCE));
        Kind kind = row.getString("host_id") == null
                ? Kind.UNPLACED
                : row.getString("problem") != null && !enforced
                        ? Kind.PROBLEM
                        : enforced ? Kind.ENFORCED : away ? Kind.AWAY : Kind.APPLYING;
        boolean measured = kind == Kind.ENFORCED && committed != null && applied != null;
        return new NicState(
                row.getObject("nic_id", UUID.class),
                row.getObject("vm_id", UUID.class),
                row.getString("vm_name"),
                row.getInt("device_index"),
                texts(row.getArray("addresses")),
                kind,
                kind == Kind.AWAY ? seen : null,
                measured ? Duration.between(committed, applied) : null,
                kind == Kind.PROBLEM ? row.getString("problem") : null);
    }

    private static List<String> texts(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }
}
