package cloud.freehold.portal.compute.domain;

import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.compute.VmDescription;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a tenant asked for. What is, the host reports elsewhere. */
@Entity
@Table(name = "vm")
class Vm {

    enum Power {
        RUNNING,
        STOPPED
    }

    @Id
    private UUID id;

    @Column(name = "tenant_id", updatable = false)
    private UUID tenantId;

    private String name;
    private String description;

    /** Set by the placement in the database. */
    @Column(name = "host_id", insertable = false, updatable = false)
    private @Nullable UUID hostId;

    @Column(name = "image_id", updatable = false)
    private UUID imageId;

    @Column(name = "flavor_id")
    private UUID flavorId;

    private int vcpus;

    @Column(name = "max_vcpus")
    private int maxVcpus;

    @Column(name = "memory_mib")
    private long memoryMib;

    @Column(name = "max_memory_mib")
    private long maxMemoryMib;

    @Enumerated(EnumType.STRING)
    private Power power;

    @Column(name = "deletion_protection")
    private boolean deletionProtection;

    @Column(name = "deleting_since")
    private @Nullable Instant deletingSince;

    @Column(name = "created_at", updatable = false)
    private Instant createdAt;

    @Version
    private long version;

    /** For Hibernate. */
    protected Vm() {}

    Vm(UUID id, UUID tenantId, String name, String description, UUID imageId, FlavorRow flavor, Instant now) {
        this.id = id;
        this.tenantId = tenantId;
        this.name = name;
        this.description = description;
        this.imageId = imageId;
        this.flavorId = flavor.id();
        this.vcpus = flavor.vcpus();
        this.maxVcpus = flavor.vcpus();
        this.memoryMib = flavor.memoryMib();
        this.maxMemoryMib = flavor.memoryMib();
        this.power = Power.RUNNING;
        this.createdAt = now;
    }

    void start() {
        requireNotDeleting();
        power = Power.RUNNING;
    }

    void stop() {
        requireNotDeleting();
        power = Power.STOPPED;
    }

    void requireRunning(boolean reportedRunning) {
        requireNotDeleting();
        if (power != Power.RUNNING || !reportedRunning) {
            throw new ConflictException("vm.not-running", name + " does not run, so it cannot be rebooted. Start it.");
        }
    }

    void describe(VmDescription by) {
        requireNotDeleting();
        name = by.name();
        description = by.description();
        deletionProtection = by.deletionProtection();
    }

    /** Asking again is allowed: the host is told again. */
    void delete(Instant now) {
        if (deletionProtection) {
            throw new ConflictException(
                    "vm.protected",
                    name + " is protected from deletion. Turn the protection off under Settings of the VM first.");
        }
        if (deletingSince == null) {
            deletingSince = now;
        }
    }

    void requireNotDeleting() {
        if (deletingSince != null) {
            throw new ConflictException("vm.deleting", name + " is being deleted; nothing else can be done with it.");
        }
    }

    boolean wantsToRun() {
        return power == Power.RUNNING;
    }

    UUID id() {
        return id;
    }

    String name() {
        return name;
    }

    String description() {
        return description;
    }

    boolean deletionProtection() {
        return deletionProtection;
    }

    @Nullable
    UUID hostId() {
        return hostId;
    }

    long version() {
        return version;
    }
}
