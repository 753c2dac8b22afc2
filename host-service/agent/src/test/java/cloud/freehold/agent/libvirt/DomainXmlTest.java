package cloud.freehold.agent.libvirt;

import static cloud.freehold.agent.Objects.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class DomainXmlTest {
    private static final Path MONITOR = Path.of("/run/x,y/vm.qmp");

    private final DomainMark mark =
            new DomainMark("main", id("run"), 7, "abc", 512, Instant.parse("2026-01-01T00:00:00Z"));

    private DomainSpec spec(String title, boolean kvm) {
        return new DomainSpec(
                id("vm"),
                "fh-main-1",
                title,
                "/usr/bin/qemu-system-x86_64",
                kvm,
                1,
                4,
                512,
                Optional.of(new DomainSpec.DirectBoot(Path.of("/k"), Optional.of(Path.of("/i")), "console=ttyS0")),
                List.of(new DomainSpec.Disk(2, Path.of("/vms/disk.qcow2"), "serial")),
                List.of(new DomainSpec.Nic(3, "0a:00:00:00:00:01", Path.of("/ports/nic.sock"), 2, 9000)),
                true,
                Optional.empty(),
                Path.of("/vms/console.log"),
                mark);
    }

    private static String at(Document xml, String path) throws Exception {
        return XPathFactory.newInstance().newXPath().evaluate(path, xml);
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }

    @Test
    void guestMemoryIsSharedOrVhostUserMovesNoPacket() throws Exception {
        var xml = parse(DomainXml.of(spec("web", false), MONITOR));
        assertThat(at(xml, "//memoryBacking/source/@type")).isEqualTo("memfd");
        assertThat(at(xml, "//memoryBacking/access/@mode")).isEqualTo("shared");
        assertThat(at(xml, "//interface/source/@mode")).isEqualTo("server");
        assertThat(at(xml, "//iothreads")).isEmpty();
    }

    @Test
    void withoutKvmThereAreNoMessageSignalledInterrupts() throws Exception {
        var tcg = parse(DomainXml.of(spec("web", false), MONITOR));
        assertThat(at(tcg, "//os/cmdline")).isEqualTo("console=ttyS0 pci=nomsi no_timer_check");
        assertThat(at(tcg, "//*[name()='qemu:property'][@name='vectors']/@value"))
                .isEqualTo("0");
        var kvm = parse(DomainXml.of(spec("web", true), MONITOR));
        assertThat(at(kvm, "//os/cmdline")).isEqualTo("console=ttyS0");
        assertThat(at(kvm, "//*[name()='qemu:property'][@name='vectors']/@value"))
                .isEmpty();
        assertThat(at(kvm, "//*[name()='qemu:property'][@name='host_mtu']/@value"))
                .isEqualTo("9000");
    }

    @Test
    void guestsAreAskedForLargeRequestsAndWholeClusters() throws Exception {
        var xml = parse(DomainXml.of(spec("web", true), MONITOR));
        assertThat(at(xml, "//disk/target/@dev")).isEqualTo("vdc");
        assertThat(at(xml, "//disk/driver/@queues")).isEqualTo("4");
        assertThat(at(xml, "//disk/driver/@rerror_policy")).isEqualTo("stop");
        assertThat(at(xml, "//disk/blockio/@physical_block_size")).isEqualTo("4096");
        assertThat(at(xml, "//*[@alias='ua-disk2']//*[@name='discard_granularity']/@value"))
                .isEqualTo("65536");
        assertThat(at(xml, "//*[@alias='ua-disk2']//*[@name='opt_io_size']/@value"))
                .isEqualTo("1048576");
    }

    @Test
    void theSecondMonitorsPathIsNoOption() throws Exception {
        var xml = parse(DomainXml.of(spec("web", true), MONITOR));
        assertThat(at(xml, "//*[name()='qemu:arg'][2]/@value")).endsWith("path=/run/x,,y/vm.qmp");
    }

    @Test
    void aDevicesPlaceDoesNotDependOnTheOthers() throws Exception {
        var whole = parse(DomainXml.of(spec("web", true), MONITOR));
        var nic =
                parse(DomainXml.nic(spec("web", true), spec("web", true).nics().get(0)));
        var disk = parse(
                DomainXml.disk(spec("web", true), spec("web", true).disks().get(0)));
        assertThat(at(whole, "//interface/address/@bus"))
                .isEqualTo(at(nic, "//interface/address/@bus"))
                .isEqualTo("7");
        assertThat(at(whole, "//disk/address/@bus"))
                .isEqualTo(at(disk, "//disk/address/@bus"))
                .isEqualTo("14");
        assertThat(at(whole, "count(//controller[@model='pcie-root-port'])")).isEqualTo("27");
    }

    @Test
    void nicsAreFoundByAliasAndMac() throws Exception {
        var plugged =
                LibvirtNics.parse("<domain><devices><interface type='vhostuser'><mac address='0a:00:00:00:00:01'/>"
                        + "<alias name='ua-nic3'/></interface></devices></domain>");
        assertThat(plugged).containsExactly(new VmNics.Plugged("0a:00:00:00:00:01", "ua-nic3"));
    }

    @Test
    void disksAreFoundByFileAliasAndTarget() throws Exception {
        var plugged = LibvirtDisks.parse("<domain><devices><disk type='file'><backingStore type='file'>"
                + "<source file='/base'/></backingStore><source file='/vms/a.qcow2'/><target dev='vda'/><alias name='ua-disk0'/>"
                + "</disk></devices></domain>");
        assertThat(plugged).containsExactly(new VmDisks.Plugged("vda", "ua-disk0", Path.of("/vms/a.qcow2")));
    }

    @Test
    void whatATenantNamesCannotBecomeMarkup() throws Exception {
        var xml = parse(DomainXml.of(spec("</title><devices/>'\"&\u0000\u0001", false), MONITOR));
        assertThat(at(xml, "//title")).isEqualTo("</title><devices/>'\"&");
        assertThat(at(xml, "count(//devices)")).isEqualTo("1");
    }

    @Test
    void theMarkSurvivesLibvirt() {
        var xml = new Xml();
        mark.write(xml);
        assertThat(DomainMark.read(xml.toString())).isEqualTo(mark);
    }
}
