package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.Policies.Preview;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.backup.Retention.Candidate;
import cloud.freehold.portal.backup.Retention.Verdict;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Applies retention to the points that a policy has taken; each VM's points count for themselves. A point that is known to be
 * damaged takes no good one's place: what is kept with it is kept without it, too.
 */
public final class Pruning {

    private record Taken(VmId vm, String vmName, Candidate point, boolean damaged) {}

    private Pruning() {}

    /**
     * @param jdbc of whichever data source; the tenant is a condition all the same
     * @param vm of this VM only; null: of all, also of those that are gone
     */
    public static List<Preview> judge(
            JdbcClient jdbc, TenantId tenant, PolicyId policy, @Nullable UUID vm, Retention retention, ZoneId zone) {
        Map<VmId, List<Taken>> byVm = new LinkedHashMap<>();
        jdbc.sql("""
                        select id, vm_id, vm_name, taken_at, protected, coalesce(damages, '[]') <> '[]' as damaged
                        from recovery_point
                        where tenant_id = :tenant and policy_id = :policy and removed_at is null and (:all or vm_id = :vm)
                        order by vm_name, vm_id, taken_at desc
                        """)
                .param("tenant", tenant.value())
                .param("policy", policy.value())
                .param("all", vm == null)
                .param("vm", vm, java.sql.Types.OTHER)
                .query((row, number) -> new Taken(
                        new VmId(row.getObject("vm_id", UUID.class)),
                        row.getString("vm_name"),
                        new Candidate(
                                new PointId(row.getObject("id", UUID.class)),
                                row.getObject("taken_at", OffsetDateTime.class).toInstant(),
                                row.getBoolean("protected")),
                        row.getBoolean("damaged")))
                .list()
                .forEach(taken -> byVm.computeIfAbsent(taken.vm(), id -> new ArrayList<>())
                        .add(taken));
        return byVm.values().stream()
                .map(points ->
                        new Preview(points.get(0).vm(), points.get(0).vmName(), verdicts(points, retention, zone)))
                .toList();
    }

    private static List<Verdict> verdicts(List<Taken> points, Retention retention, ZoneId zone) {
        Map<PointId, Verdict> sound =
                retention
                        .judge(
                                points.stream()
                                        .filter(each -> !each.damaged())
                                        .map(Taken::point)
                                        .toList(),
                                zone)
                        .stream()
                        .collect(Collectors.toMap(Verdict::id, Function.identity()));
        return retention.judge(points.stream().map(Taken::point).toList(), zone).stream()
                .map(verdict -> verdict.kept() ? verdict : sound.getOrDefault(verdict.id(), verdict))
                .toList();
    }

    /** @return how many were marked removed */
    public static int remove(JdbcClient jdbc, TenantId tenant, List<Preview> previews, String by, Instant now) {
        UUID[] going = previews.stream()
                .flatMap(preview -> preview.verdicts().stream())
                .filter(verdict -> !verdict.kept())
                .map(verdict -> verdict.id().value())
                .toArray(UUID[]::new);
        return going.length == 0
                ? 0
                : jdbc.sql("""
                        update recovery_point set removed_at = :now, removed_by = :by, version = version + 1
                        where tenant_id = :tenant and id = any(:going) and removed_at is null and not protected
                        """)
                        .param("now", now.atOffset(ZoneOffset.UTC))
                        .param("by", by)
                        .param("tenant", tenant.value())
                        .param("going", going)
                        .update();
    }
}
