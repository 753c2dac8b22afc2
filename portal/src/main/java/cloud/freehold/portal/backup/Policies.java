package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.compute.VmId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A tenant's backup policies and the labels that attach them to VMs. */
public interface Policies {

    /** By name. */
    List<Policy> list(TenantId tenant);

    Policy get(TenantId tenant, PolicyId id);

    PolicyId create(TenantId tenant, PolicySettings settings);

    /** @param expectedVersion null: whatever it is */
    void change(TenantId tenant, PolicyId id, PolicySettings settings, @Nullable Long expectedVersion);

    /** Its points stay; no policy prunes them any more. */
    void delete(TenantId tenant, PolicyId id, @Nullable Long expectedVersion);

    /** Backs up all its VMs now, beside its schedule. */
    Run runNow(TenantId tenant, PolicyId id);

    /** What a retention would keep and remove of the points that the policy has taken, by VM. */
    List<Preview> preview(TenantId tenant, PolicyId id, Retention retention);

    /** Removes what the policy's retention does not keep; they can be brought back for a while. */
    int prune(TenantId tenant, PolicyId id);

    /** Labels by VM. */
    Map<VmId, Set<String>> labels(TenantId tenant);

    void label(TenantId tenant, VmId vm, Set<String> labels);

    /**
     * @param started backups that were begun
     * @param refused VMs that could not be backed up, with the reason
     */
    record Run(int started, Map<String, String> refused) {}

    /** @param verdicts newest first */
    record Preview(VmId vm, String vmName, List<Retention.Verdict> verdicts) {

        public long going() {
            return verdicts.stream().filter(verdict -> !verdict.kept()).count();
        }
    }
}
