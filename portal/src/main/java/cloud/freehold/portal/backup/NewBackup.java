package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.OperationId;
import org.jspecify.annotations.Nullable;

/**
 * @param store null: the first that the VM's host reaches
 * @param wanted the level to try for
 * @param acceptable the weakest level to go on with; at most as strong as wanted
 * @param freezeLimitMillis how long the guest's filesystems may stay frozen, 100–60,000
 * @param after begins when this operation has ended well; null: at once
 */
public record NewBackup(
        VmId vm,
        @Nullable StoreId store,
        @Nullable PolicyId policy,
        Origin origin,
        Consistency wanted,
        Consistency acceptable,
        int freezeLimitMillis,
        String note,
        @Nullable OperationId after) {

    public static final int USUAL_FREEZE_LIMIT = 10_000;

    /** One that somebody asks for. */
    public static NewBackup byHand(
            VmId vm, @Nullable StoreId store, Consistency wanted, Consistency acceptable, String note) {
        return new NewBackup(vm, store, null, Origin.MANUAL, wanted, acceptable, USUAL_FREEZE_LIMIT, note, null);
    }

    public NewBackup freezingFor(int limitMillis) {
        return new NewBackup(vm, store, policy, origin, wanted, acceptable, limitMillis, note, after);
    }
}
