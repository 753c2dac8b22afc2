package cloud.freehold.portal.compute.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.StaleVersionException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.Choices;
import cloud.freehold.portal.compute.NewVm;
import cloud.freehold.portal.compute.NicView;
import cloud.freehold.portal.compute.QuotaUse;
import cloud.freehold.portal.compute.VmCommand;
import cloud.freehold.portal.compute.VmDescription;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmState;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.NewOperation;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.Operations;
import java.time.Clock;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Each command: one transaction with the change, its operation, its audit event, and what hosts are told. */
@Component
@Transactional
class VmService implements Vms {

    private final VmRows rows;
    private final VmReader reader;
    private final VmCreation creation;
    private final VmQuotas quotas;
    private final Operations operations;
    private final HostChanges hosts;
    private final AuditTrail audit;
    private final LiveEvents live;
    private final JdbcClient jdbc;
    private final Clock clock;

    VmService(
            VmRows rows,
            VmReader reader,
            VmCreation creation,
            VmQuotas quotas,
            Operations operations,
            HostChanges hosts,
            AuditTrail audit,
            LiveEvents live,
            JdbcClient jdbc,
            Clock clock) {
        this.rows = rows;
        this.reader = reader;
        this.creation = creation;
        this.quotas = quotas;
        this.operations = operations;
        this.hosts = hosts;
        this.audit = audit;
        this.live = live;
        this.jdbc = jdbc;
        this.clock = clock;
    }

    @Override
    @Transactional(readOnly = true)
    public List<VmView> list(TenantId tenant) {
        return reader.vms(tenant);
    }

    @Override
    @Transactional(readOnly = true)
    public VmView get(TenantId tenant, VmId id) {
        return reader.vm(tenant, id);
    }

    @Override
    @Transactional(readOnly = true)
    public List<NicView> nics(TenantId tenant, VmId id) {
        return reader.nics(tenant, id);
    }

    @Override
    @Transactional(readOnly = true)
    public List<NicView> nics(TenantId tenant) {
        return reader.nics(tenant, null);
    }

    @Override
    @Transactional(readOnly = true)
    public Choices choices(TenantId tenant) {
        return reader.choices();
    }

    @Override
    @Transactional(readOnly = true)
    public List<QuotaUse> quotas(TenantId tenant) {
        return quotas.use(tenant);
    }

    @Override
    public Operation create(TenantId tenant, NewVm vm, @Nullable String idempotencyKey) {
        return earlier(tenant, idempotencyKey, OperationKind.VM_CREATE, null, vm.name())
                .orElseGet(() -> creation.create(tenant, vm, idempotencyKey));
    }

    @Override
    public Operation command(
            TenantId tenant,
            VmId id,
            VmCommand command,
            boolean force,
            @Nullable Long expectedVersion,
            @Nullable String idempotencyKey) {
        return earlier(tenant, idempotencyKey, command.operation(), id, null).orElseGet(() -> {
            Vm vm = find(tenant, id, expectedVersion);
            VmState state = reader.vm(tenant, id).state();
            boolean before = vm.wantsToRun();
            requireNoRestore(tenant, vm, command);
            switch (command) {
                case START -> vm.start();
                case STOP, FORCE_OFF -> vm.stop();
                case REBOOT -> vm.requireRunning(state == VmState.RUNNING);
            }
            if (command == VmCommand.FORCE_OFF && vm.hostId() == null) {
                throw new ConflictException(
                        "vm.waiting",
                        vm.name() + " has no host yet, so there is nothing to force off. Stop it instead.");
            }
            if (command != VmCommand.REBOOT) {
                hosts.touched(ObjectKind.VM, id.value());
            }
            Operation operation = operations.start(
                    tenant,
                    new NewOperation(command.operation(), id.value(), vm.name(), vm.hostId(), force, idempotencyKey));
            if (vm.hostId() == null) {
                // Without a host there is nothing to wait for; it will be created as it is wanted now.
                operations.finish(tenant, operation.id());
            }
            live.publish(tenant, LiveTopic.VMS);
            audit.record(
                    tenant,
                    AuditEntry.of("vm." + command.word() + "-requested", "vm", id.value(), vm.name())
                            .before(Map.of("wantsToRun", before))
                            .after(Map.of("wantsToRun", vm.wantsToRun())));
            return operation;
        });
    }

    /** A VM must not run while its disks are overwritten. */
    private void requireNoRestore(TenantId tenant, Vm vm, VmCommand command) {
        if (command == VmCommand.START && operations.isOpen(tenant, vm.id(), EnumSet.of(OperationKind.RESTORE))) {
            throw new ConflictException(
                    "vm.being-restored",
                    vm.name() + " is being restored. Wait until that has ended, or cancel it under Operations.");
        }
    }

    @Override
    public void describe(TenantId tenant, VmId id, VmDescription by, @Nullable Long expectedVersion) {
        Vm vm = find(tenant, id, expectedVersion);
        VmNames.check(by.name(), by.description());
        if (!vm.name().equals(by.name())) {
            VmNames.requireFree(jdbc, tenant, by.name());
            hosts.touched(ObjectKind.VM, id.value());
        }
        Map<String, Object> before = state(vm);
        vm.describe(by);
        rows.save(vm);
        live.publish(tenant, LiveTopic.VMS);
        audit.record(
                tenant,
                AuditEntry.of("vm.changed", "vm", id.value(), vm.name())
                        .before(before)
                        .after(state(vm)));
    }

    private static Map<String, Object> state(Vm vm) {
        return Map.of(
                "name", vm.name(), "description", vm.description(), "deletionProtection", vm.deletionProtection());
    }

    @Override
    public Operation delete(
            TenantId tenant,
            VmId id,
            @Nullable String confirmedName,
            @Nullable Long expectedVersion,
            @Nullable String idempotencyKey) {
        return earlier(tenant, idempotencyKey, OperationKind.VM_DELETE, id, null)
                .orElseGet(() -> {
                    Vm vm = find(tenant, id, expectedVersion);
                    if (confirmedName != null && !confirmedName.strip().equals(vm.name())) {
                        throw InvalidInputException.field(
                                "vm.confirm-name",
                                "confirm",
                                "Type the name of the VM, " + vm.name() + ", to delete it.");
                    }
                    vm.delete(clock.instant());
                    rows.save(vm);
                    List<UUID> groups = jdbc.sql("""
                            select distinct s.group_id from nic_security_group s join nic n on n.id = s.nic_id
                            where n.tenant_id = :tenant and n.vm_id = :vm
                            """)
                            .param("tenant", tenant.value())
                            .param("vm", id.value())
                            .query(UUID.class)
                            .list();
                    hosts.touched(ObjectKind.GROUP_MEMBERS, groups);
                    Operation operation = operations.start(
                            tenant,
                            new NewOperation(
                                    OperationKind.VM_DELETE,
                                    id.value(),
                                    vm.name(),
                                    vm.hostId(),
                                    false,
                                    idempotencyKey));
                    UUID host = vm.hostId();
                    if (host == null) {
                        operations.finish(tenant, operation.id());
                        creation.discard(tenant, vm);
                    } else {
                        hosts.rearranged(List.of(host));
                    }
                    live.publish(tenant, LiveTopic.VMS, LiveTopic.NICS);
                    audit.record(tenant, AuditEntry.of("vm.delete-requested", "vm", id.value(), vm.name()));
                    return operation;
                });
    }

    private Optional<Operation> earlier(
            TenantId tenant, @Nullable String key, OperationKind kind, @Nullable VmId vm, @Nullable String name) {
        if (key == null) {
            return Optional.empty();
        }
        Optional<Operation> earlier = operations.earlier(tenant, key, kind, vm == null ? null : vm.value());
        earlier.filter(found -> name != null && !found.targetName().equals(name))
                .ifPresent(other -> {
                    throw new ConflictException(
                            "idempotency.key-reused",
                            "This Idempotency-Key was used to create " + other.targetName()
                                    + ". Send a new key with a new request.");
                });
        return earlier;
    }

    private Vm find(TenantId tenant, VmId id, @Nullable Long expectedVersion) {
        Vm vm = rows.findByTenantIdAndId(tenant.value(), id.value()).orElseThrow(VmReader::notFound);
        StaleVersionException.check("VM", expectedVersion, vm.version());
        return vm;
    }
}
