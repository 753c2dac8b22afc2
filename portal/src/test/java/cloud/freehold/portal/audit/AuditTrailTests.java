package cloud.freehold.portal.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

@PortalTest
class AuditTrailTests {

    @Autowired
    private AuditTrail trail;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private TenantTransaction transactions;

    @Autowired
    private JdbcClient portal;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person anna;

    @BeforeEach
    void tenant() {
        anna = fixtures.owner("acme");
    }

    @Test
    void eventsOfManyWritersFormOneChain() throws Exception {
        int writers = 4;
        int each = 25;
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        List<Future<?>> running = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
            Actor actor = Actor.system("writer " + writer);
            running.add(threads.submit(() -> {
                for (int i = 0; i < each; i++) {
                    transactions.run(anna.tenant(), () -> trail.record(anna.tenant(), actor, event()));
                }
            }));
        }
        for (Future<?> writer : running) {
            writer.get();
        }
        threads.shutdown();
        List<Long> sequence = system.sql("select sequence from audit_event where tenant_id = ? order by sequence")
                .param(anna.tenant().value())
                .query(Long.class)
                .list();
        assertThat(sequence).hasSizeGreaterThanOrEqualTo(writers * each);
        assertThat(sequence.get(sequence.size() - 1)).isEqualTo(sequence.size());
    }

    @Test
    void eventIsGoneWithItsTransaction() {
        assertThatThrownBy(() -> transactions.run(anna.tenant(), () -> {
                    trail.record(anna.tenant(), Actor.system("test"), event());
                    throw new IllegalStateException("the change failed");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(count("thing.changed")).isZero();
    }

    @Test
    void noRoleCanChangeOrForgeWhatWasRecorded() {
        transactions.run(anna.tenant(), () -> trail.record(anna.tenant(), Actor.system("test"), event()));
        for (String forgery : List.of(
                "update audit_event set actor_name = 'x'",
                "delete from audit_event",
                "insert into audit_event select * from audit_event",
                "update audit_chain set sequence = 0",
                "delete from audit_chain",
                "truncate audit_event")) {
            assertThatThrownBy(() -> transactions.run(
                            anna.tenant(), () -> portal.sql(forgery).update()))
                    .as("portal: %s", forgery)
                    .hasStackTraceContaining("permission denied");
            assertThatThrownBy(() -> system.sql(forgery).update())
                    .as("system: %s", forgery)
                    .hasStackTraceContaining("permission denied");
        }
    }

    @Test
    void eventOfAnotherTenantIsRefusedByTheDatabase() {
        Person gina = fixtures.owner("globex");
        assertThatThrownBy(() -> transactions.run(
                        anna.tenant(), () -> trail.record(gina.tenant(), Actor.system("test"), event())))
                .hasStackTraceContaining("cannot be written for tenant");
    }

    @Test
    void tenantSeesOnlyItsOwnTrail() {
        Person gina = fixtures.owner("globex");
        transactions.run(gina.tenant(), () -> trail.record(gina.tenant(), Actor.system("test"), event()));
        long seen = transactions.call(
                anna.tenant(),
                () -> portal.sql("select count(*) from audit_event where action = 'thing.changed'")
                        .query(Long.class)
                        .single());
        assertThat(seen).isZero();
        assertThat(count("thing.changed")).isEqualTo(1);
    }

    private static AuditEntry event() {
        return AuditEntry.of("thing.changed", "thing", null, "web")
                .before(Map.of("size", 1))
                .after(Map.of("size", 2));
    }

    private long count(String action) {
        return system.sql("select count(*) from audit_event where action = ?")
                .param(action)
                .query(Long.class)
                .single();
    }
}
