package cloud.freehold.portal.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.observed.ObservedVm;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.database.PostgresFault;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationState;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import cloud.freehold.testing.FakeHost;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** From the request to the host's report, and what is refused. */
@PortalTest
class VmLifeTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Vms vms;

    @Autowired
    private Operations operations;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person anna;
    private Catalog catalog;
    private FakeHost host;

    @BeforeEach
    void acmeAndAHost() throws IOException {
        anna = fixtures.owner("acme");
        catalog = new Catalog(system);
        host = new TestHosts(context).enrol("kvm-1");
        host.report();
    }

    @AfterEach
    void close() {
        host.close();
    }

    private Operation create(String name) {
        return fixtures.as(anna, () -> vms.create(anna.tenant(), catalog.vm(name), null));
    }

    private VmView vm(Operation operation) {
        return fixtures.as(anna, () -> vms.get(anna.tenant(), new VmId(operation.targetId())));
    }

    private Operation again(Operation operation) {
        return fixtures.as(anna, () -> operations.get(anna.tenant(), operation.id()));
    }

    private Operation command(Operation created, VmCommand command) {
        return fixtures.as(
                anna, () -> vms.command(anna.tenant(), new VmId(created.targetId()), command, false, null, null));
    }

    private void hostFollows() throws IOException {
        host.pollOnce(0);
        host.report();
    }

    @Test
    void vmIsCreatedStoppedStartedRebootedAndDeleted() throws IOException {
        Operation created = create("web");
        assertThat(vm(created).state()).isEqualTo(VmState.CREATING);
        hostFollows();
        assertThat(again(created).state()).isEqualTo(OperationState.DONE);
        VmView web = vm(created);
        assertThat(web.state()).isEqualTo(VmState.RUNNING);
        assertThat(web.addresses()).hasSize(2).first().isEqualTo("10.0.0.2");
        assertThat(web.addresses().get(1)).startsWith("fd").contains("ff:fe");

        Operation stopped = command(created, VmCommand.STOP);
        assertThat(vm(created).state()).isEqualTo(VmState.STOPPING);
        hostFollows();
        assertThat(again(stopped).state()).isEqualTo(OperationState.DONE);
        assertThat(vm(created).state()).isEqualTo(VmState.STOPPED);

        Operation started = command(created, VmCommand.START);
        hostFollows();
        assertThat(again(started).state()).isEqualTo(OperationState.DONE);

        Operation rebooted = command(created, VmCommand.REBOOT);
        hostFollows();
        assertThat(again(rebooted).state()).isEqualTo(OperationState.DONE);
        assertThat(host.commandsSeen()).singleElement().isInstanceOf(HostCommand.RebootVm.class);

        Operation deleted = fixtures.as(anna, () -> vms.delete(anna.tenant(), web.id(), "web", null, null));
        assertThat(vm(created).state()).isEqualTo(VmState.DELETING);
        hostFollows();
        assertThat(again(deleted).state()).isEqualTo(OperationState.DONE);
        assertThatThrownBy(() -> vm(created)).isInstanceOf(NotFoundException.class);
        assertThat(host.model().nics()).isEmpty();
    }

    @Test
    void parallelRequestsCannotExceedTheQuotaTogether() throws Exception {
        system.sql("update quota set limit_value = 5 where tenant_id = ? and resource = 'VMS'")
                .params(anna.tenant().value())
                .update();
        List<Callable<Boolean>> requests = IntStream.range(0, 12)
                .<Callable<Boolean>>mapToObj(i -> () -> {
                    try {
                        create("vm" + i);
                        return true;
                    } catch (CapacityException full) {
                        return false;
                    }
                })
                .toList();
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            int succeeded = 0;
            for (Future<Boolean> result : threads.invokeAll(requests)) {
                succeeded += result.get() ? 1 : 0;
            }
            assertThat(succeeded).isEqualTo(5);
        } finally {
            threads.shutdownNow();
        }
        List<String> addresses = fixtures.as(anna, () -> vms.list(anna.tenant())).stream()
                .flatMap(vm -> vm.addresses().stream())
                .toList();
        assertThat(addresses).hasSize(10).doesNotHaveDuplicates();
    }

    @Test
    void sameKeyCreatesOneVmAndAnotherUseOfItIsRefused() {
        Operation first = fixtures.as(anna, () -> vms.create(anna.tenant(), catalog.vm("web"), "k1"));
        Operation second = fixtures.as(anna, () -> vms.create(anna.tenant(), catalog.vm("web"), "k1"));
        assertThat(second.id()).isEqualTo(first.id());
        assertThatThrownBy(() -> fixtures.as(anna, () -> vms.create(anna.tenant(), catalog.vm("other"), "k1")))
                .isInstanceOf(ConflictException.class);
        assertThat(fixtures.as(anna, () -> vms.list(anna.tenant()))).hasSize(1);
    }

    @Test
    void problemOfTheHostFailsTheOperationWithItsCode() throws IOException {
        Operation created = create("web");
        UUID id = created.targetId();
        host.observe(
                id,
                ObservedVm.State.STOPPED,
                new Problem(
                        ProblemCode.HOST_CAPACITY,
                        "The host has no memory left. Try a smaller flavor.",
                        Instant.now()));
        hostFollows();
        Operation failed = again(created);
        assertThat(failed.state()).isEqualTo(OperationState.FAILED);
        assertThat(failed.errorCode()).isEqualTo("host.host-capacity");
        assertThat(vm(created).problem()).isNotNull();
    }

    @Test
    void supersededCommandIsTakenBackFromTheHost() throws IOException {
        Operation created = create("web");
        hostFollows();
        Operation reboot = command(created, VmCommand.REBOOT);
        command(created, VmCommand.STOP);
        assertThat(again(reboot).state()).isEqualTo(OperationState.CANCELLED);
        hostFollows();
        assertThat(host.commandsSeen()).isEmpty();
    }

    @Test
    void silentHostIsAwayAndItsVmIsShownAsLastKnown() throws IOException {
        Operation created = create("web");
        hostFollows();
        clock.advance(Duration.ofSeconds(31));
        VmView web = vm(created);
        assertThat(web.hostAway()).isTrue();
        assertThat(web.state()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void overdueOperationFailsAndSaysWhatHolds() {
        Operation created = create("web");
        clock.advance(Duration.ofMinutes(16));
        new cloud.freehold.portal.operation.OverdueNow(context).run();
        Operation failed = again(created);
        assertThat(failed.errorCode()).isEqualTo("operation.timed-out");
        assertThat(failed.errorMessage()).contains("stays in force");
    }

    @Test
    void protectedOrUnconfirmedVmIsNotDeleted() {
        Operation created = create("web");
        VmId id = new VmId(created.targetId());
        assertThatThrownBy(() -> fixtures.as(anna, () -> vms.delete(anna.tenant(), id, "wep", null, null)))
                .isInstanceOf(InvalidInputException.class);
        fixtures.as(anna, () -> {
            vms.describe(anna.tenant(), id, new VmDescription("web", "x", true), null);
            return true;
        });
        assertThatThrownBy(() -> fixtures.as(anna, () -> vms.delete(anna.tenant(), id, "web", null, null)))
                .isInstanceOf(ConflictException.class);
        assertThat(vm(created).isDeleting()).isFalse();
    }

    @Test
    void staleVersionIsRefused() {
        Operation created = create("web");
        VmId id = new VmId(created.targetId());
        long version = vm(created).version();
        fixtures.as(anna, () -> {
            vms.describe(anna.tenant(), id, new VmDescription("web2", "", false), version);
            return true;
        });
        assertThatThrownBy(() -> fixtures.as(anna, () -> {
                    vms.describe(anna.tenant(), id, new VmDescription("web3", "", false), version);
                    return true;
                }))
                .isInstanceOfSatisfying(
                        FreeholdException.class, e -> assertThat(e.status()).isEqualTo(412));
    }

    @Test
    void anotherTenantFindsNothing() {
        Operation created = create("web");
        Person gina = fixtures.owner("globex");
        VmId id = new VmId(created.targetId());
        assertThatThrownBy(() -> fixtures.as(gina, () -> vms.get(gina.tenant(), id)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() ->
                        fixtures.as(gina, () -> vms.command(gina.tenant(), id, VmCommand.STOP, false, null, null)))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> operations.get(gina.tenant(), created.id())))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void fullHostRefusesWithoutTracesAndAnEmptyPlatformLetsWait() {
        system.sql("update host set capacity_memory_mib = 600").update();
        create("web");
        assertThatThrownBy(() -> create("db"))
                .isInstanceOf(CapacityException.class)
                .hasMessageContaining("No host");
        assertThat(fixtures.as(anna, () -> vms.list(anna.tenant()))).hasSize(1);

        system.sql("update host set capacity_vcpus = 0").update();
        assertThat(vm(create("waiting")).state()).isEqualTo(VmState.WAITING);
    }

    @Test
    void noChangeIsLostWithManyWritersAndAPollingHost() throws Exception {
        host.start();
        List<Operation> created = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            created.add(create("vm" + i));
        }
        List<Callable<Boolean>> writers = created.stream()
                .<Callable<Boolean>>map(operation -> () -> {
                    VmId id = new VmId(operation.targetId());
                    for (int round = 1; round <= 10; round++) {
                        String name = operation.targetName() + "-" + round;
                        fixtures.as(anna, () -> {
                            vms.describe(anna.tenant(), id, new VmDescription(name, "", false), null);
                            return true;
                        });
                    }
                    return true;
                })
                .toList();
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            for (Future<Boolean> result : threads.invokeAll(writers)) {
                result.get();
            }
        } finally {
            threads.shutdownNow();
        }
        long revision = system.sql("select desired_revision from host")
                .query(Long.class)
                .single();
        host.awaitReported(revision, Duration.ofSeconds(20));
        assertThat(host.model().vms().values())
                .allSatisfy(vm -> assertThat(vm.name()).endsWith("-10"));
        assertThat(system.sql("select count(*) from enforcement where applied_at is null")
                        .query(Long.class)
                        .single())
                .isZero();
        assertThat(system.sql("select count(*) from enforcement")
                        .query(Long.class)
                        .single())
                .isEqualTo(revision);
    }

    @Test
    void hostGetsToWhatIsStoredAlthoughTheDatabaseCrashesUnderLoad() throws Exception {
        host.start();
        // Tests do without durable commits; this one flushes all that came before it.
        Operation web = fixtures.as(anna, () -> {
            context.getBean(JdbcClient.class)
                    .sql("set local synchronous_commit = on")
                    .update();
            return vms.create(anna.tenant(), catalog.vm("web"), null);
        });
        VmId id = new VmId(web.targetId());
        ExecutorService writer = Executors.newSingleThreadExecutor();
        AtomicBoolean back = new AtomicBoolean();
        try {
            Future<Integer> writes = writer.submit(() -> {
                int round = 0;
                while (!back.get()) {
                    VmDescription next = new VmDescription("web-" + ++round, "", false);
                    try {
                        fixtures.as(anna, () -> {
                            vms.describe(anna.tenant(), id, next, null);
                            return true;
                        });
                    } catch (RuntimeException broken) {
                        // Expected while the database is away; whoever asked is told so and asks again.
                        continue;
                    }
                }
                return round;
            });
            PostgresFault.killAndAwaitAnother(context);
            back.set(true);
            assertThat(writes.get()).isPositive();
        } finally {
            back.set(true);
            writer.shutdownNow();
        }
        describeAgainAndAgain(id, new VmDescription("last", "", false));
        host.await(
                told -> told.vms().containsKey(id.value())
                        && told.vms().get(id.value()).name().equals("last"),
                Duration.ofSeconds(30));
    }

    /** The pool may hold connections to the server that died. */
    private void describeAgainAndAgain(VmId id, VmDescription description) {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (true) {
            try {
                fixtures.as(anna, () -> {
                    vms.describe(anna.tenant(), id, description, null);
                    return true;
                });
                return;
            } catch (RuntimeException broken) {
                assertThat(System.nanoTime()).as("the database came back").isLessThan(end);
            }
        }
    }
}
