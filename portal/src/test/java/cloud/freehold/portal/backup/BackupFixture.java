package cloud.freehold.portal.backup;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.compute.Catalog;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationState;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.testing.FakeHost;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A host, a store that every host reaches, and tenants with VMs that run. */
public final class BackupFixture implements AutoCloseable {

    public final FakeHost host;
    public final StoreId store = new StoreId(UUID.randomUUID());
    public final JdbcClient system;
    private final ApplicationContext context;
    private final Fixtures fixtures;
    private final Catalog catalog;

    public BackupFixture(ApplicationContext context, JdbcClient system) throws IOException {
        this.context = context;
        this.system = system;
        this.fixtures = context.getBean(Fixtures.class);
        this.catalog = new Catalog(system);
        this.host = new TestHosts(context).enrol("kvm-1");
        host.report();
        system.sql(
                        "insert into backup_store (id, name, kind, path, created_at) values (?, 'main', 'DIRECTORY', '/b', now())")
                .params(store.value())
                .update();
    }

    public VmId vm(Person person, String name) throws IOException {
        Operation created =
                fixtures.as(person, () -> context.getBean(Vms.class).create(person.tenant(), catalog.vm(name), null));
        hostFollows();
        return new VmId(created.targetId());
    }

    /** Asks for a backup; the host has not heard of it. */
    public Operation ask(Person person, VmId vm) {
        return fixtures.as(
                person,
                () -> context.getBean(Backups.class)
                        .backUp(
                                person.tenant(),
                                NewBackup.byHand(vm, store, Consistency.FILESYSTEM, Consistency.CRASH, ""),
                                null));
    }

    /** A point that is there. */
    public RecoveryPoint point(Person person, VmId vm) throws IOException {
        Operation operation = ask(person, vm);
        hostFollows();
        return points(person).stream()
                .filter(point -> point.vmId().equals(vm))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no point: " + again(person, operation)));
    }

    public List<RecoveryPoint> points(Person person) {
        return fixtures.as(
                person,
                () -> context.getBean(Backups.class)
                        .points(person.tenant(), PointFilter.latest(200))
                        .items());
    }

    public Operation again(Person person, Operation operation) {
        return fixtures.as(person, () -> context.getBean(Operations.class).get(person.tenant(), operation.id()));
    }

    public OperationState state(Person person, Operation operation) {
        return again(person, operation).state();
    }

    public void hostFollows() throws IOException {
        host.pollOnce(0);
        host.report();
    }

    @Override
    public void close() {
        host.close();
    }
}
