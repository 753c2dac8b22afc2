package cloud.freehold.portal.hostlink;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.testing.FakeHost;
import cloud.freehold.testing.HostModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * When only the groups of NICs change, or what groups refer to, a host is not compared with all that it should know. After
 * any sequence of such changes it knows exactly what the whole comparison would tell it, and nothing else was told anew.
 */
@PortalTest
class RegroupedHostsTests {

    private static final long SEED = 20_261_126;
    private static final int STEPS = 100;

    /** Steps until the hosts ask again: what they heard is the sum of several steps then, too. */
    private static final int POLLED = 10;

    private static final Set<ObjectKind> SETS = Set.of(ObjectKind.GROUP_MEMBERS, ObjectKind.ADDRESS_GROUP);

    /** What a host has of one object. */
    private record Held(long revision, boolean removed) {}

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private HostChanges changes;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private final Random random = new Random(SEED);
    private final List<FakeHost> hosts = new ArrayList<>();
    private final List<UUID> vms = new ArrayList<>();
    private final List<UUID> nics = new ArrayList<>();
    private Placed placed;
    private Person anna;
    private List<UUID> groups;
    private List<UUID> addressGroups;
    private long versions = 1;

    @BeforeEach
    void acme() {
        placed = new Placed(system);
        anna = fixtures.owner("acme");
        for (String name : List.of("kvm-1", "kvm-2")) {
            hosts.add(new TestHosts(context).enrol(name));
        }
        UUID network = placed.network(anna.tenant(), 7);
        groups = IntStream.range(0, 6)
                .mapToObj(i -> placed.group(anna.tenant(), "group-" + i))
                .toList();
        addressGroups = IntStream.range(0, 3).mapToObj(this::addressGroup).toList();
        for (int i = 0; i < 6; i++) {
            UUID vm = placed.vm(anna.tenant(), hosts.get(i % 2).hostId(), "vm-" + i);
            vms.add(vm);
            nics.add(placed.nic(anna.tenant(), vm, network, i));
        }
        globex();
        changed(() -> changes.rearranged(ids(hosts)));
    }

    @AfterEach
    void close() {
        hosts.forEach(FakeHost::close);
    }

    /** Another tenant on the same hosts, of whom none of this may change anything. */
    private void globex() {
        Person gina = fixtures.owner("globex");
        UUID theirs = placed.group(gina.tenant(), "theirs");
        placed.rule(gina.tenant(), theirs, 443, theirs);
        UUID network = placed.network(gina.tenant(), 8);
        for (int i = 0; i < 2; i++) {
            UUID vm = placed.vm(gina.tenant(), hosts.get(i).hostId(), "lab-" + i);
            placed.nic(gina.tenant(), vm, network, 100 + i, theirs);
        }
    }

    private UUID addressGroup(int number) {
        UUID id = UUID.randomUUID();
        system.sql(
                        "insert into address_group (id, tenant_id, name, created_at, updated_at) values (?, ?, ?, now(), now())")
                .params(id, anna.tenant().value(), "addresses-" + number)
                .update();
        return id;
    }

    @Test
    void whatChangesAroundNicsAndGroupsEndsAsTheWholeComparisonWouldHaveIt() throws IOException {
        int told = 0;
        for (int step = 0; step < STEPS; step++) {
            Map<UUID, Map<ObjectRef, Held>> before = held();
            Set<ObjectRef> touched = step();
            Map<UUID, Map<ObjectRef, Held>> after = held();
            for (FakeHost host : hosts) {
                UUID id = host.hostId();
                told += assertOnlyDifferencesAreTold(step, before.get(id), after.get(id), touched);
                if (step % POLLED == POLLED - 1) {
                    host.pollOnce(0);
                    assertKnows(step, host.model(), after.get(id));
                }
            }
            hosts.forEach(host -> system.sql("select refresh_host_objects(?)")
                    .param(host.hostId())
                    .query(row -> {}));
            assertThat(held()).as("step %s against the whole comparison", step).isEqualTo(after);
        }
        assertThat(told).as("objects that came or went").isGreaterThan(STEPS / 2);
    }

    /** One transaction of the tenant; returns what it said that it touched. */
    private Set<ObjectRef> step() {
        Set<ObjectRef> touched = new HashSet<>();
        int what = random.nextInt(10);
        if (what == 0) {
            system.sql("update vm set host_id = ? where id = ?")
                    .params(any(hosts).hostId(), any(vms))
                    .update();
            changed(() -> changes.rearranged(ids(hosts)));
        } else if (what < 6) {
            List<UUID> regrouped =
                    random.nextBoolean() ? List.of(any(nics)) : List.of(nics.get(0), any(nics.subList(1, 6)));
            regrouped.forEach(this::regroup);
            regrouped.forEach(nic -> touched.add(new ObjectRef(ObjectKind.NIC, nic)));
            changed(() -> {
                changes.touched(ObjectKind.NIC, regrouped);
                changes.rearrangedAround(ObjectKind.NIC, regrouped);
            });
        } else {
            UUID group = any(groups);
            switch (what) {
                case 6, 7 -> refer(group);
                case 8 ->
                    system.sql(
                                    "delete from rule where id = (select id from rule where group_id = ? order by position limit 1)")
                            .params(group)
                            .update();
                default -> fallBack(group);
            }
            changed(() -> changes.rearrangedAround(ObjectKind.SECURITY_GROUP, group));
        }
        return touched;
    }

    private void regroup(UUID nic) {
        system.sql("delete from nic_security_group where nic_id = ?")
                .params(nic)
                .update();
        for (UUID group : groups) {
            if (random.nextInt(3) == 0) {
                system.sql("insert into nic_security_group (tenant_id, nic_id, group_id) values (?, ?, ?)")
                        .params(anna.tenant().value(), nic, group)
                        .update();
            }
        }
    }

    private void refer(UUID group) {
        UUID rule =
                placed.rule(anna.tenant(), group, 1 + random.nextInt(1000), random.nextBoolean() ? any(groups) : null);
        system.sql("update rule set remote_address_group_id = ? where id = ? and remote_group_id is null")
                .params(any(addressGroups), rule)
                .update();
    }

    /** The group gets an unconfirmed change, or a fallback goes. */
    private void fallBack(UUID group) {
        long version = ++versions;
        String rules = "[%s, %s, %s]"
                .formatted(
                        stored("remoteGroupId", any(groups)),
                        stored("remoteAddressGroupId", any(addressGroups)),
                        stored("remotePrefix", null));
        system.sql(
                        "insert into ruleset_revision (tenant_id, group_id, version, egress_default, rules, summary, author_name,"
                                + " created_at) values (?, ?, ?, 'ALLOW', ?::jsonb, '', 'anna', now())")
                .params(anna.tenant().value(), group, version, rules)
                .update();
        Long fallback = random.nextInt(3) == 0 ? null : version;
        system.sql(
                        "update security_group set fallback_version = :version,"
                                + " confirm_until = case when :version is not null then now() + interval '1 hour' end where id = :id")
                .param("version", fallback, java.sql.Types.BIGINT)
                .param("id", group)
                .update();
    }

    private static String stored(String remote, UUID id) {
        return """
                {"id": "%s", "direction": "INGRESS", "etherType": "ANY", "protocol": 6, "portMin": 80, "portMax": 80,
                 "action": "ALLOW", "log": false, "enabled": true, "%s": %s}
                """.formatted(UUID.randomUUID(), remote, id == null ? "null" : '"' + id.toString() + '"');
    }

    private static int assertOnlyDifferencesAreTold(
            int step, Map<ObjectRef, Held> before, Map<ObjectRef, Held> after, Set<ObjectRef> touched) {
        int differences = 0;
        for (Map.Entry<ObjectRef, Held> each : after.entrySet()) {
            Held old = before.get(each.getKey());
            Held now = each.getValue();
            boolean differs = old == null || old.removed() != now.removed();
            boolean told = differs || (touched.contains(each.getKey()) && !now.removed());
            differences += differs ? 1 : 0;
            assertThat(old == null || old.revision() != now.revision())
                    .as("step %s tells of %s (%s, then %s)", step, each.getKey(), old, now)
                    .isEqualTo(told);
        }
        return differences;
    }

    private static void assertKnows(int step, HostModel model, Map<ObjectRef, Held> held) {
        Set<UUID> groups = new HashSet<>();
        Set<ObjectRef> sets = new HashSet<>();
        held.forEach((ref, is) -> {
            if (!is.removed() && ref.kind() == ObjectKind.SECURITY_GROUP) {
                groups.add(ref.id());
            } else if (!is.removed() && SETS.contains(ref.kind())) {
                sets.add(ref);
            }
        });
        assertThat(model.securityGroups().keySet())
                .as("groups after step %s", step)
                .isEqualTo(groups);
        assertThat(model.addressSets().keySet().stream().map(set -> new ObjectRef(set.kind(), set.id())))
                .as("sets after step %s", step)
                .containsExactlyInAnyOrderElementsOf(sets);
    }

    private Map<UUID, Map<ObjectRef, Held>> held() {
        Map<UUID, Map<ObjectRef, Held>> all = new HashMap<>();
        system.sql("select host_id, kind, object_id, revision, removed from host_object")
                .query(row -> {
                    all.computeIfAbsent(row.getObject("host_id", UUID.class), host -> new HashMap<>())
                            .put(
                                    new ObjectRef(
                                            ObjectKind.valueOf(row.getString("kind")),
                                            row.getObject("object_id", UUID.class)),
                                    new Held(row.getLong("revision"), row.getBoolean("removed")));
                });
        return all;
    }

    private void changed(Runnable change) {
        fixtures.as(anna, () -> {
            change.run();
            return true;
        });
    }

    private <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static Collection<UUID> ids(List<FakeHost> hosts) {
        return hosts.stream().map(FakeHost::hostId).toList();
    }
}
