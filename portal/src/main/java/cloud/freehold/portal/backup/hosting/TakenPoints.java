package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.backup.Policies;
import cloud.freehold.portal.backup.PolicyId;
import cloud.freehold.portal.backup.domain.BackupArguments;
import cloud.freehold.portal.backup.domain.MachineRecord;
import cloud.freehold.portal.backup.domain.Pruning;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders.UnusableResultException;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Makes a recovery point of what a host says that it has stored. */
@Component
class TakenPoints {

    private static final Pattern ROOT = Pattern.compile("[!-~]{1,200}");
    private static final int LONGEST_CHECKPOINT = 200;

    private record Volume(UUID id, int index, String name) {}

    private final JdbcClient system;
    private final Machines machines;
    private final PolicyRetention policies;
    private final Tellings tellings;
    private final AuditTrail audit;
    private final LiveEvents live;
    private final JsonMapper json;
    private final Clock clock;

    TakenPoints(
            @SystemAccess JdbcClient system,
            Machines machines,
            PolicyRetention policies,
            Tellings tellings,
            AuditTrail audit,
            LiveEvents live,
            JsonMapper json,
            Clock clock) {
        this.system = system;
        this.machines = machines;
        this.policies = policies;
        this.tellings = tellings;
        this.audit = audit;
        this.live = live;
        this.json = json;
        this.clock = clock;
    }

    void store(HostOrder order, BackupArguments wanted, BackupTaken backup) throws UnusableResultException {
        check(wanted, backup);
        Map<UUID, Volume> volumes = volumes(order.tenant(), backup.volumes());
        MachineRecord machine = machines.describe(order.tenant(), order.targetId())
                .orElseThrow(() -> new UnusableResultException("the VM is gone."));
        insertPoint(order, wanted, backup, machine);
        for (StoredVolume stored : backup.volumes()) {
            insertVolume(
                    order.tenant(),
                    wanted.pointId(),
                    stored,
                    Objects.requireNonNull(volumes.get(stored.root().volumeId())));
        }
        Certificate certificate = backup.certificate();
        if (certificate.achieved() != wanted.wanted() && wanted.policyId() != null) {
            tellings.weaker(order, wanted.pointId(), wanted.wanted(), certificate.achieved(), certificate.reason());
        }
        if (wanted.policyId() != null) {
            prune(order, new PolicyId(wanted.policyId()));
        }
        audit.recordAsSystem(
                order.tenant(),
                order.host(),
                AuditEntry.of("backup.taken", "vm", order.targetId(), machine.name())
                        .after(Map.of(
                                "point", wanted.pointId(),
                                "achieved", backup.certificate().achieved(),
                                "addedBytes", sum(backup, StoredVolume::addedBytes))));
        live.publishAsSystem(order.tenant(), LiveTopic.BACKUPS);
    }

    /** The new point may take the place of older ones. */
    private void prune(HostOrder order, PolicyId policy) {
        policies.find(order.tenant(), policy).ifPresent(found -> {
            List<Policies.Preview> previews =
                    Pruning.judge(system, order.tenant(), policy, order.targetId(), found.retention(), found.zone());
            Pruning.remove(system, order.tenant(), previews, "policy " + found.name(), clock.instant());
        });
    }

    private static void check(BackupArguments wanted, BackupTaken backup) throws UnusableResultException {
        Certificate certificate = backup.certificate();
        List<StoredVolume> volumes = backup.volumes();
        if (certificate == null || certificate.achieved() == null || certificate.at() == null) {
            throw new UnusableResultException("it did not say how consistent the point is.");
        }
        if (certificate.achieved().compareTo(wanted.acceptable()) < 0) {
            throw new UnusableResultException("the point is weaker than what was acceptable.");
        }
        if (volumes == null || volumes.isEmpty()) {
            throw new UnusableResultException("it names no volume.");
        }
        for (StoredVolume volume : volumes) {
            boolean complete = volume != null
                    && volume.root() != null
                    && volume.root().volumeId() != null
                    && volume.root().root() != null
                    && ROOT.matcher(volume.root().root()).matches()
                    && volume.root().sizeBytes() > 0
                    && volume.readBytes() >= 0
                    && volume.addedBytes() >= 0
                    && volume.sharedBytes() >= 0
                    && volume.zeroBytes() >= 0;
            if (!complete) {
                throw new UnusableResultException("a volume's entry is incomplete.");
            }
        }
    }

    /** Those of the tenant; a volume that left the VM meanwhile is in the point all the same. */
    private Map<UUID, Volume> volumes(TenantId tenant, List<StoredVolume> stored) throws UnusableResultException {
        Map<UUID, Volume> volumes = new HashMap<>();
        system.sql("select id, device_index, name from volume where tenant_id = :tenant and id = any(:ids)")
                .param("tenant", tenant.value())
                .param(
                        "ids",
                        stored.stream().map(each -> each.root().volumeId()).toArray(UUID[]::new))
                .query(row -> {
                    UUID id = row.getObject("id", UUID.class);
                    volumes.put(id, new Volume(id, row.getInt("device_index"), row.getString("name")));
                });
        if (volumes.size() != stored.size()) {
            throw new UnusableResultException("it names volumes that are not the VM's.");
        }
        return volumes;
    }

    private void insertPoint(HostOrder order, BackupArguments wanted, BackupTaken backup, MachineRecord machine) {
        Certificate certificate = backup.certificate();
        system.sql("""
                        insert into recovery_point (id, tenant_id, vm_id, vm_name, store_id, policy_id, operation_id, origin,
                            note, taken_at, stored_at, wanted, achieved, pause_millis, certificate, machine, logical_bytes,
                            read_bytes, added_bytes, shared_bytes, zero_bytes)
                        values (:id, :tenant, :vm, :name, :store,
                            (select id from backup_policy where tenant_id = :tenant and id = :policy), :operation, :origin,
                            :note, :taken, :now, :wanted, :achieved, :pause, :certificate::jsonb, :machine::jsonb, :logical,
                            :read, :added, :shared, :zero)
                        """)
                .param("id", wanted.pointId())
                .param("tenant", order.tenant().value())
                .param("vm", order.targetId())
                .param("name", machine.name())
                .param("store", wanted.storeId())
                .param("policy", wanted.policyId(), java.sql.Types.OTHER)
                .param("operation", order.id().value())
                .param("origin", wanted.origin().name())
                .param("note", wanted.note())
                .param("taken", certificate.at().atOffset(ZoneOffset.UTC))
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .param("wanted", wanted.wanted().name())
                .param("achieved", certificate.achieved().name())
                .param("pause", Math.max(0, certificate.longestPauseMillis()))
                .param("certificate", json.writeValueAsString(certificate))
                .param("machine", json.writeValueAsString(machine))
                .param("logical", sum(backup, each -> each.root().sizeBytes()))
                .param("read", sum(backup, StoredVolume::readBytes))
                .param("added", sum(backup, StoredVolume::addedBytes))
                .param("shared", sum(backup, StoredVolume::sharedBytes))
                .param("zero", sum(backup, StoredVolume::zeroBytes))
                .update();
    }

    private void insertVolume(TenantId tenant, UUID point, StoredVolume stored, Volume volume) {
        String checkpoint = stored.checkpoint();
        system.sql("""
                        insert into recovery_point_volume (tenant_id, point_id, volume_id, device_index, name, size_bytes, root,
                            checkpoint, read_bytes, added_bytes, shared_bytes, zero_bytes)
                        values (:tenant, :point, :volume, :index, :name, :size, :root, :checkpoint, :read, :added, :shared,
                            :zero)
                        """)
                .param("tenant", tenant.value())
                .param("point", point)
                .param("volume", volume.id())
                .param("index", volume.index())
                .param("name", volume.name())
                .param("size", stored.root().sizeBytes())
                .param("root", stored.root().root())
                .param(
                        "checkpoint",
                        checkpoint == null || checkpoint.length() > LONGEST_CHECKPOINT ? null : checkpoint,
                        java.sql.Types.VARCHAR)
                .param("read", stored.readBytes())
                .param("added", stored.addedBytes())
                .param("shared", stored.sharedBytes())
                .param("zero", stored.zeroBytes())
                .update();
    }

    private static long sum(BackupTaken backup, java.util.function.ToLongFunction<StoredVolume> part) {
        return backup.volumes().stream().mapToLong(part).sum();
    }
}
