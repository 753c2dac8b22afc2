package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.Drill;
import cloud.freehold.portal.backup.DrillId;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.backup.Upkeep;
import cloud.freehold.portal.backup.Usage;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

@Component
@Transactional
class StoredUpkeep implements Upkeep {

    private final JdbcClient jdbc;
    private final PointReader points;
    private final UpkeepOrdering ordering;
    private final Operations operations;

    StoredUpkeep(JdbcClient jdbc, PointReader points, UpkeepOrdering ordering, Operations operations) {
        this.jdbc = jdbc;
        this.points = points;
        this.ordering = ordering;
        this.operations = operations;
    }

    @Override
    public Operation verify(TenantId tenant, PointId id, @Nullable String key) {
        return earlier(tenant, key, OperationKind.POINTS_VERIFY, id)
                .orElseGet(() -> ordering.verify(tenant, usable(tenant, id), key));
    }

    @Override
    public Operation drill(TenantId tenant, PointId id, @Nullable Check check, @Nullable String key) {
        return earlier(tenant, key, OperationKind.DRILL, id)
                .orElseGet(() -> ordering.drill(tenant, usable(tenant, id), check, null, null, key));
    }

    @Override
    public Operation collect(TenantId tenant, StoreId store) {
        String name = jdbc.sql("""
                        select s.name from backup_store s where s.id = :store and exists (
                            select from recovery_point p where p.tenant_id = :tenant and p.store_id = s.id)
                        """)
                .param("store", store.value())
                .param("tenant", tenant.value())
                .query(String.class)
                .optional()
                .orElseThrow(() -> new NotFoundException("Nothing of yours lies in such a store."));
        return ordering.collect(tenant, store, name);
    }

    private Optional<Operation> earlier(TenantId tenant, @Nullable String key, OperationKind kind, PointId id) {
        return key == null ? Optional.empty() : operations.earlier(tenant, key, kind, id.value());
    }

    private RecoveryPoint usable(TenantId tenant, PointId id) {
        RecoveryPoint point = points.point(tenant, id);
        if (point.isRemoved()) {
            throw new ConflictException(
                    "backup.removed", "This recovery point was removed. Bring it back before you try it.");
        }
        return point;
    }

    @Override
    @Transactional(readOnly = true)
    public KeysetPage<Drill> drills(TenantId tenant, @Nullable PointId point, @Nullable DrillId after, int limit) {
        List<Drill> drills = jdbc.sql("""
                        select *, screenshot is not null as has_screenshot from restore_drill
                        where tenant_id = :tenant and (:any or point_id = :point) and (:first or id < :after)
                        order by id desc limit :limit
                        """)
                .param("tenant", tenant.value())
                .param("any", point == null)
                .param("point", point == null ? null : point.value(), java.sql.Types.OTHER)
                .param("first", after == null)
                .param("after", after == null ? null : after.value(), java.sql.Types.OTHER)
                .param("limit", limit + 1)
                .query((row, number) -> drill(row))
                .list();
        return KeysetPage.of(drills, limit, last -> last.id().toString());
    }

    private static Drill drill(ResultSet row) throws SQLException {
        return new Drill(
                new DrillId(row.getObject("id", UUID.class)),
                new OperationId(row.getObject("operation_id", UUID.class)),
                new PointId(row.getObject("point_id", UUID.class)),
                new VmId(row.getObject("vm_id", UUID.class)),
                row.getString("vm_name"),
                row.getObject("taken_at", OffsetDateTime.class).toInstant(),
                row.getObject("finished_at", OffsetDateTime.class).toInstant(),
                row.getBoolean("passed"),
                millis(row, "restore_millis"),
                millis(row, "boot_millis"),
                millis(row, "objective_millis"),
                row.getString("finding"),
                row.getBoolean("has_screenshot"));
    }

    private static @Nullable Duration millis(ResultSet row, String column) throws SQLException {
        long millis = row.getLong(column);
        return row.wasNull() ? null : Duration.ofMillis(millis);
    }

    @Override
    @Transactional(readOnly = true)
    public Optional<byte[]> screenshot(TenantId tenant, DrillId drill) {
        return jdbc.sql("""
                        select screenshot from restore_drill
                        where tenant_id = :tenant and id = :id and screenshot is not null
                        """)
                .param("tenant", tenant.value())
                .param("id", drill.value())
                .query((row, number) -> row.getBytes("screenshot"))
                .optional();
    }

    @Override
    @Transactional(readOnly = true)
    public List<Usage> usage(TenantId tenant) {
        return jdbc.sql("""
                        select s.id, s.name, count(*) filter (where p.removed_at is null) as points,
                               coalesce(sum(p.logical_bytes) filter (where p.removed_at is null), 0) as logical,
                               coalesce(sum(p.added_bytes) filter (where p.removed_at is null), 0) as added,
                               u.kept_bytes, u.collected_at
                        from recovery_point p join backup_store s on s.id = p.store_id
                        left join backup_usage u on u.tenant_id = p.tenant_id and u.store_id = s.id
                        where p.tenant_id = :tenant and p.purged_at is null
                        group by s.id, s.name, u.kept_bytes, u.collected_at order by s.name
                        """)
                .param("tenant", tenant.value())
                .query((row, number) -> {
                    OffsetDateTime collected = row.getObject("collected_at", OffsetDateTime.class);
                    return new Usage(
                            new StoreId(row.getObject("id", UUID.class)),
                            row.getString("name"),
                            row.getInt("points"),
                            row.getLong("logical"),
                            row.getLong("added"),
                            row.getObject("kept_bytes", Long.class),
                            collected == null ? null : collected.toInstant());
                })
                .list();
    }
}
