package cloud.freehold.portal.hostlink.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is kept of drops. */
@PortalTest
class ObservedDropsTests {

    @Autowired
    private ObservedDrops drops;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private void insert(UUID tenant, int count) {
        system.sql("""
                        insert into nic_drop (tenant_id, nic_id, ingress, reason, remote, packets, first_at, last_at)
                        select :tenant, gen_random_uuid(), true, 'default', '192.0.2.1', 1, now(), now() - i * interval '1 ms'
                        from generate_series(1, :count) i
                        """).param("tenant", tenant).param("count", count).update();
    }

    private long of(UUID tenant) {
        return system.sql("select count(*) from nic_drop where tenant_id = ?")
                .param(tenant)
                .query(Long.class)
                .single();
    }

    @Test
    void areKeptForAnHour() {
        UUID acme = fixtures.tenant("acme").value();
        insert(acme, 3);
        drops.forget();
        assertThat(of(acme)).isEqualTo(3);
        clock.advance(Duration.ofMinutes(61));
        drops.forget();
        assertThat(of(acme)).isZero();
    }

    @Test
    void aFloodAtOneTenantTakesNothingFromAnother() {
        UUID acme = fixtures.tenant("acme").value();
        UUID globex = fixtures.tenant("globex").value();
        insert(acme, 7_000);
        insert(globex, 10);
        drops.forget();
        assertThat(of(acme)).isEqualTo(5_000);
        assertThat(of(globex)).isEqualTo(10);
    }
}
