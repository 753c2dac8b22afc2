package cloud.freehold.agent.it;

import static cloud.freehold.agent.it.BenchTable.NONE;

import cloud.freehold.api.backup.Consistency;
import cloud.freehold.api.command.CommandResult.BackupTaken;
import cloud.freehold.api.command.CommandResult.StoredVolume;
import cloud.freehold.api.command.HostCommand.RestoreVolumes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;

/** What backups and their restoring cost while the guest is at rest. */
final class BackupSpeed {
    private static final Consistency LEVEL = Consistency.BARRIER;
    private static final int MOST_MIB = 256;

    private final BenchVm bench;
    private final BenchTable table;
    private final BackupPeers peers;
    private final TestStore store;
    private final List<BackupTaken> points = new ArrayList<>();

    BackupSpeed(BenchVm bench, BenchTable table) throws Exception {
        this.bench = bench;
        this.table = table;
        this.peers = new BackupPeers(bench);
        this.store = new TestStore(bench.rig);
    }

    void measure() throws Exception {
        bench.vm.stopWriting();
        full();
        changed();
        restore();
    }

    private Cost ours() throws Exception {
        Callable<?> take = () -> points.add(store.backup(bench.vm, LEVEL, LEVEL));
        return Cost.of(bench.rig.agent(), bench.qemu(), take);
    }

    private static Cost theirs(ProcessHandle qemu, Runnable what) throws Exception {
        return Cost.of(ProcessHandle.current(), qemu, () -> {
            what.run();
            return null;
        });
    }

    private double readMib() {
        return points.get(points.size() - 1).volumes().stream()
                        .mapToLong(StoredVolume::readBytes)
                        .sum()
                / (double) (1 << 20);
    }

    private void full() throws Exception {
        var ours = ours();
        var theirs = theirs(bench.qemu(), () -> peers.virtnbdbackup("plain", "-l", "full"));
        var packed = theirs(bench.qemu(), () -> peers.virtnbdbackup("packed", "-l", "copy", "-z"));
        var convert = theirs(null, peers::convert);
        double plainMib = BenchVm.storedMib(peers.folder("plain"));
        double packedMib = BenchVm.storedMib(peers.folder("packed"));
        costs("full", ours, theirs, convert);
        stored(
                "full",
                BenchVm.storedMib(store.path()),
                plainMib,
                BenchVm.storedMib(peers.copies()),
                Math.min(plainMib, packedMib),
                "virtnbdbackup -z: %.0f MiB in %.2f s".formatted(packedMib, packed.seconds()));
    }

    private void changed() throws Exception {
        double before = BenchVm.storedMib(store.path());
        double theirBefore = BenchVm.storedMib(peers.folder("plain"));
        double mib = bench.change();
        var ours = ours();
        var theirs = theirs(bench.qemu(), () -> peers.virtnbdbackup("plain", "-l", "inc"));
        double plainMib = BenchVm.storedMib(peers.folder("plain")) - theirBefore;
        costs("1 % changed", ours, theirs, null);
        double added = BenchVm.storedMib(store.path()) - before;
        stored("1 % changed", added, plainMib, NONE, plainMib, "changed: %.1f MiB of noise".formatted(mib));
    }

    private void costs(String what, Cost ours, Cost theirs, Cost convert) {
        row(what + ": wall time", ours.seconds(), theirs.seconds(), convert == null ? NONE : convert.seconds());
        table.row(
                what + ": CPU",
                ours.cpuSeconds(),
                theirs.cpuSeconds(),
                convert == null ? NONE : convert.cpuSeconds(),
                "s",
                "QEMU's beside it: %.2f, %.2f".formatted(ours.qemuCpuSeconds(), theirs.qemuCpuSeconds()));
        memory(what, ours, theirs, convert);
    }

    private void row(String what, double ours, double theirs, double convert) {
        var note = "ours: from the order to its end";
        table.row(what, ours, theirs, convert, "s", "< virtnbdbackup", it -> it < theirs, note);
    }

    private void memory(String what, Cost ours, Cost theirs, Cost convert) {
        table.row(
                what + ": peak memory",
                ours.peakMib(),
                theirs.peakMib(),
                convert == null ? NONE : convert.peakMib(),
                "MiB",
                "<= " + MOST_MIB,
                it -> it > 0 && it <= MOST_MIB,
                "of the programs that were started for it");
    }

    /** @param least what the peers stored: what they read, too, as virtnbdbackup stores it as it comes */
    private void stored(String what, double ours, double plain, double convert, double least, String note) {
        table.row(what + ": read", readMib(), plain, NONE, "MiB", "ours: as reported; the peer's: its stream of data");
        table.row(what + ": stored", ours, plain, convert, "MiB", "< the peers", it -> it < least, note);
    }

    /** In place, of a VM that is off; the data must come back as it was. */
    private void restore() throws Exception {
        var before = bench.rig.directory.resolve("before.qcow2").toString();
        bench.vm.stop();
        Shell.run("cp", bench.file(bench.vm.data), before);
        var order = order(points.get(1));
        var ours = Cost.of(bench.rig.agent(), null, () -> bench.orders.done(order));
        Shell.run("qemu-img", "compare", "-q", "-f", "qcow2", "-F", "qcow2", before, bench.file(bench.vm.data));
        Files.delete(Path.of(before));
        var to = Files.createDirectory(bench.rig.directory.resolve("restored"));
        var theirs = theirs(null, () -> peers.virtnbdrestore("plain", to));
        var convert = theirs(null, () -> peers.convertBack(to));
        row("restore: wall time", ours.seconds(), theirs.seconds(), convert.seconds());
        memory("restore", ours, theirs, convert);
        bench.vm.start();
    }

    private RestoreVolumes order(BackupTaken point) {
        var order = new RestoreVolumes(
                UUID.randomUUID(),
                Orders.deadline(),
                bench.vm.tenant.id,
                bench.vm.id,
                store.ref,
                point.volumes().stream().map(StoredVolume::root).toList(),
                false,
                0);
        bench.rig.portal.commands().input(order.id(), store.input());
        return order;
    }
}
