package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.firewall.SecurityGroupId;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Takes back what nobody confirmed in time. The hosts have done so at the deadline by their own clocks; here the stored
 * rules follow. Every portal may run it at once: a row lock decides who acts, and whoever comes late finds nothing to do.
 */
@Component
public class UnconfirmedChanges {

    private static final Logger log = LoggerFactory.getLogger(UnconfirmedChanges.class);
    private static final Actor ACTOR = Actor.system("firewall: not confirmed in time");

    private final JdbcClient system;
    private final TenantTransaction transactions;
    private final RuleSets ruleSets;
    private final Clock clock;

    UnconfirmedChanges(
            @SystemAccess JdbcClient system, TenantTransaction transactions, RuleSets ruleSets, Clock clock) {
        this.system = system;
        this.transactions = transactions;
        this.ruleSets = ruleSets;
        this.clock = clock;
    }

    private record Overdue(TenantId tenant, SecurityGroupId group) {}

    /** Return: how many were taken back here. */
    public int takeBackOverdue() {
        int done = 0;
        for (Overdue overdue : overdue()) {
            try {
                boolean mine = transactions.call(
                        overdue.tenant(), () -> ruleSets.revertOverdue(overdue.tenant(), ACTOR, overdue.group()));
                done += mine ? 1 : 0;
            } catch (RuntimeException e) {
                // The next round tries again; the others' deadlines must not wait for this one.
                log.error("Security group {} could not go back to its confirmed version", overdue.group(), e);
            }
        }
        return done;
    }

    private List<Overdue> overdue() {
        return system.sql(
                        "SELECT tenant_id, id FROM security_group WHERE confirm_until <= ? ORDER BY confirm_until LIMIT 100")
                .param(Times.sql(clock.instant()))
                .query((row, number) -> new Overdue(
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        new SecurityGroupId(row.getObject("id", UUID.class))))
                .list();
    }
}
