package cloud.freehold.portal.firewall.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.EmptyDatabase;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.firewall.FirewallFixtures;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.hostlink.Placed;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What it costs to say which NICs have what they should, and that it is said of the right ones. */
@PortalTest
class EnforcementTests {

    /** More executions than the driver and the server need to settle on one plan for all times. */
    private static final int SETTLED = 15;

    private static final int FEW = 3;
    private static final int MANY = 400;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Enforcement enforcement;

    @Autowired
    private JdbcClient jdbc;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    @Autowired
    private Uuid7 ids;

    @Autowired
    private ApplicationContext context;

    private Placed placed;
    private Person anna;
    private UUID host;
    private UUID network;
    private UUID joining;
    private UUID wide;

    @BeforeEach
    void acme() {
        placed = new Placed(system);
        anna = fixtures.owner("acme");
        host = new FirewallFixtures(system, ids).host();
        network = placed.network(anna.tenant(), 7);
        joining = placed.group(anna.tenant(), "joining");
        wide = placed.group(anna.tenant(), "wide");
        for (int port = 1; port <= 20; port++) {
            placed.rule(anna.tenant(), wide, port, joining);
        }
    }

    private void nics(int from, int to, UUID... groups) {
        for (int number = from; number <= to; number++) {
            placed.nic(anna.tenant(), placed.vm(anna.tenant(), host, "vm" + number), network, number, groups);
        }
        system.sql("select refresh_host_objects(?)").param(host).query(row -> {});
    }

    /** Gone, but the indexes have grown by them, the primary key by a level; and known to be gone. */
    private void oldObjects() {
        for (String sql : List.of(
                "insert into host_object (host_id, kind, object_id, revision)" + " select '" + host
                        + "', 'NIC', gen_random_uuid(), 1 from generate_series(1, 170)",
                "delete from host_object where revision = 1",
                "analyze")) {
            EmptyDatabase.executeAsAdministrator(context, sql);
        }
    }

    private int states() {
        return enforcement.ofGroup(anna.tenant(), new SecurityGroupId(wide)).size();
    }

    /** Of the network that all NICs are in. */
    private UUID router() {
        UUID router = ids.next();
        system.sql("insert into router (id, tenant_id, name, created_at) values (?, ?, 'main', now())")
                .params(router, anna.tenant().value())
                .update();
        system.sql("insert into router_network (tenant_id, router_id, network_id) values (?, ?, ?)")
                .params(anna.tenant().value(), router, network)
                .update();
        system.sql("select refresh_host_objects(?)").param(host).query(row -> {});
        return router;
    }

    private void touched(String kind, UUID id) {
        system.sql("select touch_host_objects(?, array[?::uuid])")
                .params(kind, id)
                .query(row -> {});
    }

    /** Rows that this transaction has read so far, by an index or not. */
    private long rowsRead() {
        return jdbc.sql("select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint from pg_stat_xact_user_tables")
                .query(Long.class)
                .single();
    }

    /** The plan was made when there was next to nothing in the tables, which was guessed or known from their statistics. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGroupThatGrewAtOnceIsReadRowByRowAndNotTableByTable(boolean analyzed) {
        nics(1, FEW, wide);
        if (analyzed) {
            oldObjects();
        }
        long read = fixtures.as(anna, () -> {
            for (int i = 0; i < SETTLED; i++) {
                assertThat(states()).isEqualTo(FEW);
            }
            nics(FEW + 1, MANY, wide);
            long before = rowsRead();
            assertThat(states()).isEqualTo(MANY);
            return rowsRead() - before;
        });
        assertThat(read).as("rows read for %s NICs", MANY).isPositive().isLessThan(30L * MANY);
    }

    /** Portals of both versions run side by side while one is replaced. */
    @Test
    void saysTheSameAsTheViewThatItReplaces() {
        nics(1, 2, wide);
        nics(3, 4, joining, wide);
        nics(5, 6);
        system.sql("insert into host (id, name, epoch) values (gen_random_uuid(), 'kvm-empty', gen_random_uuid())")
                .update();
        placed.nic(anna.tenant(), placed.vm(anna.tenant(), null, "homeless"), network, 7, wide);
        touched("ROUTER", router());
        touched("GROUP_MEMBERS", joining);

        record Pair(long rows, long different, long revisions) {}
        Pair pair = system.sql("""
                        select count(*) as rows, count(distinct f.desired_revision) as revisions,
                               count(*) filter (where row(v.vm_id, v.host_id, v.desired_revision, v.applied_revision, v.link,
                                                          v.problem, v.host_last_seen_at, v.committed_at, v.applied_at)
                                   is distinct from row(f.vm_id, f.host_id, f.desired_revision, f.applied_revision, f.link,
                                                        f.problem, f.host_last_seen_at, f.committed_at, f.applied_at)) as different
                        from nic_enforcement v full join enforcement_of_nics(array(select id from nic)) f using (nic_id)
                        """)
                .query((row, number) ->
                        new Pair(row.getLong("rows"), row.getLong("different"), row.getLong("revisions")))
                .single();
        assertThat(pair).isEqualTo(new Pair(7, 0, 2));
    }
}
