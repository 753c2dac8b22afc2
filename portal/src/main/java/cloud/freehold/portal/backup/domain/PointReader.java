package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.Damage;
import cloud.freehold.portal.backup.Origin;
import cloud.freehold.portal.backup.PointFilter;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.PointVolume;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.StoreId;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.NumberedPage;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What pages and the API show of recovery points: two queries, however many there are. */
@Component
class PointReader {

    private static final String POINTS = """
            select p.*, s.name as store_name, b.name as policy_name,
                   exists (select from vm v where v.tenant_id = p.tenant_id and v.id = p.vm_id
                           and v.deleting_since is null) as vm_exists
            from recovery_point p join backup_store s on s.id = p.store_id
            left join backup_policy b on b.id = p.policy_id
            where p.tenant_id = :tenant and p.purged_at is null
            """;

    private final JdbcClient jdbc;
    private final JsonMapper json;
    private final UndoWindow undo;

    PointReader(JdbcClient jdbc, JsonMapper json, UndoWindow undo) {
        this.jdbc = jdbc;
        this.json = json;
        this.undo = undo;
    }

    RecoveryPoint point(TenantId tenant, PointId id) {
        Map<UUID, List<PointVolume>> volumes = volumes(tenant, new UUID[] {id.value()});
        return jdbc.sql(POINTS + " and p.id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> point(row, volumes))
                .optional()
                .orElseThrow(PointReader::notFound);
    }

    KeysetPage<RecoveryPoint> page(TenantId tenant, PointFilter filter) {
        return KeysetPage.of(
                points(tenant, filter, 0, filter.limit() + 1),
                filter.limit(),
                last -> last.id().toString());
    }

    NumberedPage<RecoveryPoint> page(TenantId tenant, PointFilter filter, int number) {
        long all =
                passing("select count(*)", "", tenant, filter).query(Long.class).single();
        int pages = NumberedPage.pages(all, filter.limit());
        int page = Math.min(number, pages);
        return new NumberedPage<>(points(tenant, filter, (page - 1) * filter.limit(), filter.limit()), page, pages);
    }

    private List<RecoveryPoint> points(TenantId tenant, PointFilter filter, int offset, int limit) {
        UUID[] ids = passing("select id", "order by id desc offset :offset limit :limit", tenant, filter)
                .param("offset", offset)
                .param("limit", limit)
                .query(UUID.class)
                .list()
                .toArray(UUID[]::new);
        Map<UUID, List<PointVolume>> volumes = volumes(tenant, ids);
        return jdbc.sql(POINTS + " and p.id = any(:ids) order by p.id desc")
                .param("tenant", tenant.value())
                .param("ids", ids)
                .query((row, number) -> point(row, volumes))
                .list();
    }

    /** A query of those that the filter lets pass. */
    private JdbcClient.StatementSpec passing(String select, String order, TenantId tenant, PointFilter filter) {
        return jdbc.sql(select + """
                         from recovery_point
                        where tenant_id = :tenant and purged_at is null and (removed_at is not null) = :removed
                          and (:anyVm or vm_id = :vm) and (:anyPolicy or policy_id = :policy) and (:first or id < :after)
                        """ + order)
                .param("tenant", tenant.value())
                .param("removed", filter.removed())
                .param("anyVm", filter.vm() == null)
                .param("vm", filter.vm() == null ? null : filter.vm().value(), java.sql.Types.OTHER)
                .param("anyPolicy", filter.policy() == null)
                .param(
                        "policy",
                        filter.policy() == null ? null : filter.policy().value(),
                        java.sql.Types.OTHER)
                .param("first", filter.after() == null)
                .param("after", filter.after() == null ? null : filter.after().value(), java.sql.Types.OTHER);
    }

    List<Damage> damages(TenantId tenant, PointId id) {
        return jdbc.sql(
                        "select coalesce(damages, '[]') as damages from recovery_point where tenant_id = :tenant and id = :id")
                .param("tenant", tenant.value())
                .param("id", id.value())
                .query((row, number) -> List.of(json.readValue(row.getString("damages"), Damage[].class)))
                .optional()
                .orElseThrow(PointReader::notFound);
    }

    private Map<UUID, List<PointVolume>> volumes(TenantId tenant, UUID[] points) {
        Map<UUID, List<PointVolume>> volumes = new HashMap<>();
        jdbc.sql("""
                        select * from recovery_point_volume where tenant_id = :tenant and point_id = any(:points)
                        order by device_index, volume_id
                        """).param("tenant", tenant.value()).param("points", points).query(row -> {
            volumes.computeIfAbsent(row.getObject("point_id", UUID.class), point -> new ArrayList<>())
                    .add(new PointVolume(
                            row.getObject("volume_id", UUID.class),
                            row.getInt("device_index"),
                            row.getString("name"),
                            row.getLong("size_bytes"),
                            row.getString("root"),
                            row.getLong("added_bytes"),
                            row.getLong("shared_bytes")));
        });
        return volumes;
    }

    private RecoveryPoint point(ResultSet row, Map<UUID, List<PointVolume>> volumes) throws SQLException {
        UUID id = row.getObject("id", UUID.class);
        UUID policy = row.getObject("policy_id", UUID.class);
        Instant removed = instant(row, "removed_at");
        String damages = row.getString("damages");
        return new RecoveryPoint(
                new PointId(id),
                new VmId(row.getObject("vm_id", UUID.class)),
                row.getString("vm_name"),
                row.getBoolean("vm_exists"),
                new StoreId(row.getObject("store_id", UUID.class)),
                row.getString("store_name"),
                policy == null ? null : new PolicyId(policy),
                row.getString("policy_name"),
                Origin.valueOf(row.getString("origin")),
                row.getString("note"),
                row.getObject("taken_at", OffsetDateTime.class).toInstant(),
                row.getObject("stored_at", OffsetDateTime.class).toInstant(),
                Consistency.valueOf(row.getString("wanted")),
                Consistency.valueOf(row.getString("achieved")),
                json.readValue(row.getString("certificate"), Certificate.class),
                row.getLong("logical_bytes"),
                row.getLong("read_bytes"),
                row.getLong("added_bytes"),
                row.getLong("shared_bytes"),
                row.getLong("zero_bytes"),
                row.getBoolean("protected"),
                instant(row, "verified_at"),
                damages != null && !damages.equals("[]"),
                removed,
                row.getString("removed_by"),
                removed == null ? null : removed.plus(undo.length()),
                volumes.getOrDefault(id, List.of()),
                row.getLong("version"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    static NotFoundException notFound() {
        return new NotFoundException("There is no such recovery point. Go to Backups and pick one from the list.");
    }
}
