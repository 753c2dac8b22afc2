package cloud.freehold.portal.operation.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.OperationState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Rows of operations as orders to their hosts. */
@Component
class OrderRows {

    /** An operation that was asked for before its VM had a host belongs to the host that the VM got. */
    private static final String SELECT = """
            select o.id, o.tenant_id, o.kind, o.target_id, o.target_name, o.arguments, o.deadline, o.state,
                   coalesce(o.host_id, v.host_id) as host,
                   (select h.name from host h where h.id = coalesce(o.host_id, v.host_id)) as host_name
            from operation o left join vm v on o.host_id is null and o.target_kind = 'vm' and v.id = o.target_id
            """;

    private static final String OF_HOST = "(o.host_id = :host or (o.host_id is null and v.host_id = :host))";

    private static final String[] ALONE = Arrays.stream(OperationKind.values())
            .filter(OperationKind::needsDisksAlone)
            .map(Enum::name)
            .toArray(String[]::new);

    private static final Duration RENEWED_EACH = Duration.ofMinutes(1);

    record Row(HostOrder order, OperationState state) {}

    private final JdbcClient system;
    private final OrderBook book;
    private final Clock clock;

    OrderRows(@SystemAccess JdbcClient system, OrderBook book, Clock clock) {
        this.system = system;
        this.book = book;
        this.clock = clock;
    }

    /** What the host may work on now, oldest first: of those that need a VM's disks alone, the first of each VM. */
    List<HostOrder> open(UUID hostId) {
        return open(hostId, "o.state in ('QUEUED', 'RUNNING')")
                .query((row, number) -> read(row).order())
                .list();
    }

    Set<UUID> untaken(UUID hostId) {
        return open(hostId, "o.state = 'QUEUED'")
                .query((row, number) -> row.getObject("id", UUID.class))
                .set();
    }

    private JdbcClient.StatementSpec open(UUID hostId, String which) {
        return system.sql(SELECT + " where " + OF_HOST + " and " + which + """
                          and o.deadline > :now and o.kind = any(:kinds)
                          and (o.kind <> all(:alone) or not exists (
                              select from operation b where b.target_id = o.target_id and b.kind = any(:alone)
                              and b.state in ('QUEUED', 'RUNNING') and b.id < o.id))
                        order by o.id
                        """)
                .param("host", hostId)
                .param("now", now())
                .param("kinds", book.kinds())
                .param("alone", ALONE);
    }

    /** Locks the operation until the transaction ends. One that waits for another is nothing that a host knows of. */
    Optional<Row> lock(UUID hostId, UUID operationId) {
        return system.sql(SELECT + " where o.id = :id and o.state <> 'WAITING' and " + OF_HOST + " for update of o")
                .param("id", operationId)
                .param("host", hostId)
                .query((row, number) -> read(row))
                .optional();
    }

    Optional<HostOrder> find(OperationId id) {
        return system.sql(SELECT + " where o.id = :id")
                .param("id", id.value())
                .query((row, number) -> read(row).order())
                .optional();
    }

    /** The time for what waits for its VM's disks begins when they are free. */
    void letWait() {
        for (OperationKind kind : OperationKind.values()) {
            if (kind.needsDisksAlone()) {
                letWait(kind);
            }
        }
    }

    private void letWait(OperationKind kind) {
        OffsetDateTime deadline = now().plus(kind.limit());
        system.sql("""
                        update operation set deadline = :deadline where id in (
                            select o.id from operation o
                            where o.state = 'QUEUED' and o.kind = :kind and o.deadline < :soon and exists (
                                select from operation b where b.target_id = o.target_id and b.kind = any(:alone)
                                and b.state in ('QUEUED', 'RUNNING') and b.id < o.id)
                            for update skip locked)
                        """)
                .param("deadline", deadline)
                .param("kind", kind.name())
                .param("soon", deadline.minus(RENEWED_EACH))
                .param("alone", ALONE)
                .update();
    }

    /** Those whose deadline has passed, locked; others may be at it, too. */
    List<HostOrder> lockOverdue() {
        return system.sql(SELECT + """
                         where o.state in ('QUEUED', 'RUNNING') and o.deadline <= :now for update of o skip locked
                        """)
                .param("now", now())
                .query((row, number) -> read(row).order())
                .list();
    }

    private static Row read(ResultSet row) throws SQLException {
        return new Row(
                new HostOrder(
                        new OperationId(row.getObject("id", UUID.class)),
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        OperationKind.valueOf(row.getString("kind")),
                        row.getObject("target_id", UUID.class),
                        row.getString("target_name"),
                        row.getObject("host", UUID.class),
                        row.getString("host_name"),
                        row.getString("arguments"),
                        row.getObject("deadline", OffsetDateTime.class).toInstant()),
                OperationState.valueOf(row.getString("state")));
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
