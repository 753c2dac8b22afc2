package cloud.freehold.agent.libvirt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** {@link VmDisks} by libvirt. */
final class LibvirtDisks implements VmDisks {
    private static final Duration JOB = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofSeconds(10);
    /** type, bandwidth, cur, end; eight bytes each with padding. */
    private static final int JOB_INFO_BYTES = 32;

    private static final int JOB_INFO_CUR = 16;
    private static final int JOB_INFO_END = 24;

    private final LibvirtHypervisor hypervisor;
    private final LibvirtLibrary library;

    LibvirtDisks(LibvirtHypervisor hypervisor, LibvirtLibrary library) {
        this.hypervisor = hypervisor;
        this.library = library;
    }

    @Override
    public List<Plugged> plugged(UUID vm) throws HypervisorException {
        return parse(hypervisor.describe(vm));
    }

    static List<Plugged> parse(String xml) throws HypervisorException {
        var found = new ArrayList<Plugged>();
        for (var disk : Described.devices(xml, "disk")) {
            found.add(new Plugged(
                    Described.attribute(disk, "target", "dev"),
                    Described.attribute(disk, "alias", "name"),
                    Path.of(Described.attribute(disk, "source", "file"))));
        }
        return found;
    }

    @Override
    public void plug(DomainSpec spec, DomainSpec.Disk disk) throws HypervisorException {
        hypervisor.attach(spec.vm(), "plug a disk of", DomainXml.disk(spec, disk));
    }

    @Override
    public void unplug(UUID vm, String alias) throws HypervisorException {
        hypervisor.detach(vm, "unplug a disk of", alias);
    }

    @Override
    public void beginPull(UUID vm, String target, long bytesPerSecond) throws HypervisorException {
        hypervisor.act(
                vm,
                "pull a disk of",
                JOB,
                domain -> library.virDomainBlockPull(
                        domain, target, bytesPerSecond, LibvirtLibrary.BLOCK_PULL_BANDWIDTH_BYTES));
    }

    @Override
    public void beginMirror(UUID vm, String target, Path file, long bytesPerSecond) throws HypervisorException {
        var xml = new Xml()
                .open("disk", "type", "file")
                .leaf("source", "file", file.toString())
                .leaf("driver", "type", "qcow2")
                .close()
                .toString();
        hypervisor.act(vm, "mirror a disk of", JOB, domain -> {
            var limit = bytesPerSecond == 0 ? null : TypedParameters.of("bandwidth", bytesPerSecond);
            return library.virDomainBlockCopy(
                    domain,
                    target,
                    xml,
                    limit,
                    limit == null ? 0 : 1,
                    LibvirtLibrary.BLOCK_COPY_REUSE_EXT
                            | LibvirtLibrary.BLOCK_COPY_TRANSIENT_JOB
                            | LibvirtLibrary.BLOCK_COPY_SYNCHRONOUS_WRITES);
        });
    }

    @Override
    public Optional<Job> job(UUID vm, String target) throws HypervisorException {
        return hypervisor.onDomain(vm, "look at a disk's job of", LOOK, domain -> {
            try (var info = new Memory(JOB_INFO_BYTES)) {
                info.clear();
                int found = library.virDomainGetBlockJobInfo(domain, target, info, 0);
                if (found < 0) {
                    return null;
                }
                return found == 0
                        ? Optional.empty()
                        : Optional.of(new Job(info.getLong(JOB_INFO_CUR), info.getLong(JOB_INFO_END)));
            }
        });
    }

    @Override
    public void pivot(UUID vm, String target) throws HypervisorException {
        abort(vm, target, LibvirtLibrary.BLOCK_JOB_ABORT_PIVOT);
    }

    @Override
    public void endJob(UUID vm, String target) throws HypervisorException {
        abort(vm, target, 0);
    }

    private void abort(UUID vm, String target, int flags) throws HypervisorException {
        hypervisor.act(vm, "end a disk's job of", JOB, domain -> library.virDomainBlockJobAbort(domain, target, flags));
    }

    /** libvirt's typed parameters: 80 bytes of name, a type, a value. */
    private static final class TypedParameters {
        private static final int BYTES = 96;
        private static final int TYPE = 80;
        private static final int VALUE = 88;
        private static final int UNSIGNED_LONG = 4;

        static Pointer of(String name, long value) {
            var memory = new Memory(BYTES);
            memory.clear();
            memory.setString(0, name);
            memory.setInt(TYPE, UNSIGNED_LONG);
            memory.setLong(VALUE, value);
            return memory;
        }
    }
}
