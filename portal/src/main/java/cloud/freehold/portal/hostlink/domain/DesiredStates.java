package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.DesiredState;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.HostOperations;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * What a host should have, read in one snapshot with a fixed number of queries: a delta of what changed after the
 * revision that the host has, or everything when it has none, counts in another epoch, or is older than what the portal
 * still remembers of removed objects.
 */
@Component
public class DesiredStates {

    /** What a host says that it has. */
    public record Known(@Nullable UUID epoch, long revision) {}

    private record Counter(UUID epoch, long desired, long applied) {}

    private final JdbcClient system;
    private final TransactionTemplate snapshot;
    private final HostOperations operations;
    private final SentSets sent;
    private final Clock clock;

    DesiredStates(
            @SystemAccess JdbcClient system,
            @SystemAccess JdbcTransactionManager transactions,
            HostOperations operations,
            SentSets sent,
            Clock clock) {
        this.system = system;
        this.snapshot = new TransactionTemplate(transactions);
        this.snapshot.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
        this.snapshot.setReadOnly(true);
        this.operations = operations;
        this.sent = sent;
        this.clock = clock;
    }

    /**
     * Whether there is anything to tell; cheap.
     *
     * @param told commands that need not be told again yet
     */
    public boolean isNews(UUID hostId, Known known, Set<UUID> told) {
        Counter counter = counter(hostId);
        return !counter.epoch().equals(known.epoch())
                || counter.desired() != known.revision()
                || !told.containsAll(operations.untaken(hostId));
    }

    public DesiredState read(UUID hostId, Known known) {
        return Objects.requireNonNull(snapshot.execute(status -> readInSnapshot(hostId, known)));
    }

    private DesiredState readInSnapshot(UUID hostId, Known known) {
        Counter counter = counter(hostId);
        Instant now = clock.instant();
        boolean full = !counter.epoch().equals(known.epoch())
                || known.revision() <= 0
                || known.revision() > counter.desired()
                || known.revision() < counter.applied();
        HostQuery query = new HostQuery(system, hostId, full ? -1 : known.revision());
        return new DesiredState(
                counter.epoch(),
                counter.desired(),
                full,
                now,
                DesiredVms.read(query),
                DesiredNetworking.nics(query),
                DesiredNetworking.networks(query),
                DesiredNetworking.routers(query),
                DesiredGroups.read(query, now),
                DesiredSets.read(query, full, sent),
                DesiredNetworking.uplinks(query),
                DesiredNetworking.remoteNics(query),
                full ? List.of() : removed(query),
                operations.commands(hostId));
    }

    private Counter counter(UUID hostId) {
        return system.sql("select epoch, desired_revision, applied_revision from host where id = :host")
                .param("host", hostId)
                .query((row, number) -> new Counter(
                        row.getObject("epoch", UUID.class),
                        row.getLong("desired_revision"),
                        row.getLong("applied_revision")))
                .single();
    }

    private List<ObjectRef> removed(HostQuery query) {
        return system.sql("""
                        select kind, object_id from host_object
                        where host_id = :host and removed and revision > 0 and revision > :after order by kind, object_id
                        """)
                .param("host", query.hostId())
                .param("after", query.after())
                .query((row, number) -> new ObjectRef(
                        ObjectKind.valueOf(row.getString("kind")), row.getObject("object_id", UUID.class)))
                .list();
    }
}
