package cloud.freehold.agent.libvirt;

import java.nio.file.Path;
import java.util.List;

/**
 * A domain's definition.
 *
 * <p>What looks odd has a reason: guest memory is a shared memfd, without which vhost-user moves no packet; QEMU is the
 * vhost-user server, so that a restarted dataplane finds hot-plugged NICs, too; there are no iothreads, which crash QEMU
 * 7.2 when a backup's reader leaves; under TCG MSI-X with vhost-user crashes QEMU, so NICs get none and a kernel that is
 * booted directly is told; each device has a place of its own that does not depend on the others, so that the guest's
 * names for its interfaces stay, and a guest's memory can be put back also when it knows devices that were plugged while
 * it ran; the MTU goes through an override, because libvirt refuses it for vhost-user, and so do block limits that
 * libvirt does not know: whole clusters are discarded, and large requests are welcome.
 */
final class DomainXml {
    private static final String QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";

    /**
     * Under emulation: message-signalled interrupts with vhost-user crash QEMU 7.2, and a host that is busy while a guest
     * boots makes Linux's timer check panic ("IO-APIC + timer doesn't work").
     */
    private static final String EMULATED_ARGUMENTS = " pci=nomsi no_timer_check";

    /** Root ports, by what is behind them; each is a bus. */
    private static final int SERIAL_BUS = 1;

    private static final int BALLOON_BUS = 2;
    private static final int RNG_BUS = 3;
    private static final int FIRST_NIC_BUS = 4;
    private static final int MOST_NICS = 8;
    private static final int FIRST_DISK_BUS = FIRST_NIC_BUS + MOST_NICS;
    /** As many as few VMs need: a port takes its time at boot. */
    private static final int SOME_DISKS = 16;

    private static final int SPARE_DISKS = 6;
    private static final int MOST_DISKS = 26;
    private static final int MOST_QUEUES = 16;
    private static final int LEAST_QUEUES = 2;
    /** Of the volumes' qcow2. */
    private static final int CLUSTER_BYTES = 64 << 10;

    private static final int LARGE_REQUEST_BYTES = 1 << 20;

    private final DomainSpec spec;
    private final Path monitor;
    private final Xml xml = new Xml();

    private DomainXml(DomainSpec spec, Path monitor) {
        this.spec = spec;
        this.monitor = monitor;
    }

    /** @param monitor where QEMU listens for a second monitor's connection */
    static String of(DomainSpec spec, Path monitor) {
        return new DomainXml(spec, monitor).build();
    }

    /** One disk alone, to be plugged. */
    static String disk(DomainSpec spec, DomainSpec.Disk disk) {
        var xml = new DomainXml(spec, Path.of("/"));
        xml.disk(disk);
        return xml.xml.toString();
    }

    /** One NIC alone, to be plugged. Overrides do not reach it: its guest learns the MTU by DHCP and router advertisement. */
    static String nic(DomainSpec spec, DomainSpec.Nic nic) {
        var xml = new DomainXml(spec, Path.of("/"));
        xml.nic(nic);
        return xml.xml.toString();
    }

    private String build() {
        xml.open("domain", "type", spec.kvm() ? "kvm" : "qemu", "xmlns:qemu", QEMU_NAMESPACE)
                .text("name", spec.domainName())
                .text("uuid", spec.vm().toString())
                .text("title", spec.title().replace('\n', ' '))
                .open("metadata");
        spec.mark().write(xml);
        xml.close()
                .text("memory", Long.toString(spec.memoryMib()), "unit", "MiB")
                .open("memoryBacking")
                .leaf("source", "type", "memfd")
                .leaf("access", "mode", "shared")
                .close()
                .text("vcpu", Integer.toString(spec.maxVcpus()), "current", Integer.toString(spec.vcpus()));
        boot();
        xml.open("features").leaf("acpi").leaf("apic").close();
        cpu();
        xml.open("clock", "offset", "utc")
                .close()
                .text("on_poweroff", "destroy")
                .text("on_reboot", "restart")
                .text("on_crash", "destroy");
        devices();
        commandLine();
        overrides();
        return xml.close().toString();
    }

    private void boot() {
        xml.open("os").text("type", "hvm", "arch", "x86_64", "machine", "q35");
        if (spec.directBoot().isPresent()) {
            var boot = spec.directBoot().get();
            xml.text("kernel", boot.kernel().toString());
            boot.initrd().ifPresent(initrd -> xml.text("initrd", initrd.toString()));
            xml.text("cmdline", boot.commandLine() + (spec.kvm() ? "" : EMULATED_ARGUMENTS));
        } else {
            xml.leaf("boot", "dev", "hd");
        }
        xml.close();
    }

    private void cpu() {
        if (spec.kvm()) {
            xml.leaf("cpu", "mode", "host-passthrough", "migratable", "on");
        } else {
            // Five-level page tables make each emulated table walk longer.
            xml.open("cpu", "mode", "maximum")
                    .leaf("feature", "policy", "disable", "name", "la57")
                    .close();
        }
    }

    private void devices() {
        xml.open("devices").text("emulator", spec.emulator()).leaf("controller", "type", "usb", "model", "none");
        xml.leaf("controller", "type", "pci", "index", "0", "model", "pcie-root");
        for (int index = 1; index < FIRST_DISK_BUS + placesForDisks(); index++) {
            xml.leaf("controller", "type", "pci", "index", Integer.toString(index), "model", "pcie-root-port");
        }
        spec.disks().forEach(this::disk);
        spec.nics().forEach(this::nic);
        xml.open("serial", "type", "pty")
                .leaf("log", "file", spec.consoleLog().toString(), "append", "on")
                .leaf("target", "port", "0")
                .close();
        xml.open("controller", "type", "virtio-serial", "index", "0");
        behind(SERIAL_BUS).close();
        xml.open("channel", "type", "unix")
                .leaf("target", "type", "virtio", "name", "org.qemu.guest_agent.0")
                .close();
        xml.open("memballoon", "model", "virtio").leaf("stats", "period", "10");
        behind(BALLOON_BUS).close();
        xml.open("rng", "model", "virtio").text("backend", "/dev/urandom", "model", "random");
        behind(RNG_BUS).close();
        xml.leaf("panic", "model", "isa");
        xml.close();
    }

    private int placesForDisks() {
        int used = spec.disks().stream().mapToInt(disk -> disk.slot() + 1).max().orElse(0);
        return used + SPARE_DISKS <= SOME_DISKS ? SOME_DISKS : MOST_DISKS;
    }

    private Xml behind(int bus) {
        return xml.leaf(
                "address", "type", "pci", "domain", "0", "bus", Integer.toString(bus), "slot", "0", "function", "0");
    }

    /** At least two queues: then the guest picks no I/O scheduler by itself. */
    private void disk(DomainSpec.Disk disk) {
        xml.open("disk", "type", "file", "device", "disk")
                .leaf(
                        "driver",
                        "name",
                        "qemu",
                        "type",
                        "qcow2",
                        "cache",
                        spec.directIo() ? "none" : "writeback",
                        "io",
                        spec.directIo() ? "native" : null,
                        "discard",
                        "unmap",
                        // A guest whose host cannot read or write waits for it, rather than to lose its file system.
                        "error_policy",
                        "stop",
                        "rerror_policy",
                        "stop",
                        "queues",
                        Integer.toString(Math.max(LEAST_QUEUES, Math.min(spec.maxVcpus(), MOST_QUEUES))))
                .leaf("source", "file", disk.file().toString())
                .leaf("blockio", "logical_block_size", "512", "physical_block_size", "4096")
                .leaf("target", "dev", "vd" + (char) ('a' + disk.slot()), "bus", "virtio")
                .text("serial", disk.serial())
                .leaf("alias", "name", alias(disk));
        behind(FIRST_DISK_BUS + disk.slot()).close();
    }

    private static String alias(DomainSpec.Disk disk) {
        return "ua-disk" + disk.slot();
    }

    private void nic(DomainSpec.Nic nic) {
        xml.open("interface", "type", "vhostuser")
                .leaf("mac", "address", nic.mac())
                .leaf("source", "type", "unix", "path", nic.socket().toString(), "mode", "server")
                .leaf("model", "type", "virtio")
                .leaf(
                        "driver",
                        "queues",
                        nic.queuePairs() > 1 ? Integer.toString(nic.queuePairs()) : null,
                        "rx_queue_size",
                        "1024",
                        "tx_queue_size",
                        "1024")
                .leaf("alias", "name", alias(nic));
        behind(FIRST_NIC_BUS + nic.index()).close();
    }

    private static String alias(DomainSpec.Nic nic) {
        return "ua-nic" + nic.index();
    }

    private void commandLine() {
        xml.open("qemu:commandline");
        spec.continueFrom().ifPresent(snapshot -> {
            xml.leaf("qemu:arg", "value", "-loadvm");
            xml.leaf("qemu:arg", "value", snapshot);
        });
        for (var argument : List.of(
                "-chardev",
                // A comma in a value is written twice.
                "socket,id=freehold-monitor,server=on,wait=off,path="
                        + monitor.toString().replace(",", ",,"),
                "-mon",
                "chardev=freehold-monitor,mode=control")) {
            xml.leaf("qemu:arg", "value", argument);
        }
        if (!spec.kvm()) {
            // For those that are plugged later, which overrides do not reach.
            xml.leaf("qemu:arg", "value", "-global");
            xml.leaf("qemu:arg", "value", "virtio-net-pci.vectors=0");
        }
        xml.close();
    }

    private void overrides() {
        xml.open("qemu:override");
        for (var disk : spec.disks()) {
            xml.open("qemu:device", "alias", alias(disk)).open("qemu:frontend");
            number("min_io_size", CLUSTER_BYTES);
            number("opt_io_size", LARGE_REQUEST_BYTES);
            number("discard_granularity", CLUSTER_BYTES);
            xml.close().close();
        }
        for (var nic : spec.nics()) {
            xml.open("qemu:device", "alias", alias(nic)).open("qemu:frontend");
            number("host_mtu", nic.mtu());
            if (!spec.kvm()) {
                number("vectors", 0);
            }
            xml.close().close();
        }
        xml.close();
    }

    private void number(String property, long value) {
        xml.leaf("qemu:property", "name", property, "type", "unsigned", "value", Long.toString(value));
    }
}
