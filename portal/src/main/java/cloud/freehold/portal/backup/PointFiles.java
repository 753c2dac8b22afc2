package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looking into recovery points and getting single files out. A host does the reading, by a throwaway guest; nothing here parses what
 * a tenant's disk holds.
 */
public interface PointFiles {

    /** What a host has listed of the folder within the last hour; empty: it has to be opened. */
    Optional<Folder> folder(TenantId tenant, FilePlace place);

    /** The latest attempt at opening the folder within the last quarter of an hour; empty: there was none. */
    Optional<Operation> opening(TenantId tenant, FilePlace place);

    /** Has a host list the folder. What else is being opened in the point is given up; asking again while it is being opened does nothing. */
    Operation open(TenantId tenant, FilePlace place);

    /** Gives up opening whatever is being opened in the point. */
    void stopOpening(TenantId tenant, PointId point);

    /**
     * Has a host bring a file, or a folder as a tar; its folder was opened before.
     *
     * @throws cloud.freehold.portal.common.ConflictException when it is too large or one is being brought out of the point already
     * @throws cloud.freehold.portal.common.CapacityException when too many wait to be downloaded
     */
    Operation fetch(TenantId tenant, FilePlace place, @Nullable String idempotencyKey);

    /** Newest first. */
    List<FetchedFile> fetched(TenantId tenant, PointId point);

    /**
     * One that is there to be downloaded; that somebody does is written down.
     *
     * @throws cloud.freehold.portal.common.ConflictException when it is not there yet
     */
    FetchedFile download(TenantId tenant, PointId point, OperationId operation);

    /**
     * Writes all of it, a part at a time; a little later it is removed.
     *
     * @throws IOException when the other side went away, or it was removed meanwhile
     */
    void write(TenantId tenant, FetchedFile file, OutputStream to) throws IOException;

    /** Removes it, and gives up bringing it if that goes on. */
    void discard(TenantId tenant, PointId point, OperationId operation);
}
