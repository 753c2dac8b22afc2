package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.Acting;
import cloud.freehold.portal.hostlink.HostChanges;
import jakarta.persistence.EntityManager;
import java.util.Collection;
import java.util.UUID;
import org.springframework.core.Ordered;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Collects a transaction's changes and applies them right before its commit. */
@Component
class CommittedHostChanges implements HostChanges {

    private static final String NO_ROOM = "FH001";

    private final JdbcClient jdbc;
    private final EntityManager entities;

    CommittedHostChanges(JdbcClient jdbc, EntityManager entities) {
        this.jdbc = jdbc;
        this.entities = entities;
    }

    @Override
    public void touched(ObjectKind kind, Collection<UUID> ids) {
        pending().touched(kind, ids);
    }

    @Override
    public void rearranged(Collection<UUID> hostIds) {
        pending().rearranged(hostIds);
    }

    @Override
    public void rearrangedAround(ObjectKind kind, Collection<UUID> ids) {
        pending().around(kind, ids);
    }

    @Override
    public void unplaced(UUID vmId) {
        pending().unplaced(vmId);
    }

    private PendingHostChanges pending() {
        TenantId tenant = Acting.current().tenant();
        if (tenant == null || !TransactionSynchronizationManager.isActualTransactionActive()) {
            throw new IllegalStateException("Hosts can only be told in a transaction of a tenant");
        }
        for (TransactionSynchronization each : TransactionSynchronizationManager.getSynchronizations()) {
            if (each instanceof Flush flush && flush.belongsTo(this)) {
                return flush.changes(tenant);
            }
        }
        Flush flush = new Flush(new PendingHostChanges(tenant));
        TransactionSynchronizationManager.registerSynchronization(flush);
        return flush.changes(tenant);
    }

    private void apply(PendingHostChanges changes) {
        // What Hibernate still holds back has to be there before hosts are compared with it.
        entities.flush();
        try {
            changes.apply(jdbc);
        } catch (DataAccessException e) {
            if (e.getMostSpecificCause() instanceof java.sql.SQLException cause
                    && NO_ROOM.equals(cause.getSQLState())) {
                throw new CapacityException(
                        "hosts.full",
                        "No host has room for this VM right now. Choose a smaller flavor, or ask the provider for more"
                                + " capacity.");
            }
            throw e;
        }
    }

    private final class Flush implements TransactionSynchronization {

        private final PendingHostChanges changes;

        Flush(PendingHostChanges changes) {
            this.changes = changes;
        }

        boolean belongsTo(CommittedHostChanges owner) {
            return owner == CommittedHostChanges.this;
        }

        PendingHostChanges changes(TenantId tenant) {
            if (!tenant.equals(changes.tenant())) {
                throw new IllegalStateException("One transaction cannot tell hosts about two tenants");
            }
            return changes;
        }

        @Override
        public void beforeCommit(boolean readOnly) {
            apply(changes);
        }

        @Override
        public int getOrder() {
            return Ordered.LOWEST_PRECEDENCE;
        }
    }
}
