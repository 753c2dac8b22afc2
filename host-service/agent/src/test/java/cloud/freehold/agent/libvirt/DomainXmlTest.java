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
                List.of(new DomainSpec.Disk(Path.of("/vms/disk.qcow2"), "serial")),
                List.of(new DomainSpec.Nic("0a:00:00:00:00:01", Path.of("/ports/nic.sock"), 2, 9000)),
                true,
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
        var xml = parse(DomainXml.of(spec("web", false)));
        assertThat(at(xml, "//memoryBacking/source/@type")).isEqualTo("memfd");
        assertThat(at(xml, "//memoryBacking/access/@mode")).isEqualTo("shared");
        assertThat(at(xml, "//interface/source/@mode")).isEqualTo("server");
        assertThat(at(xml, "//iothreads")).isEmpty();
    }

    @Test
    void withoutKvmThereAreNoMessageSignalledInterrupts() throws Exception {
        var tcg = parse(DomainXml.of(spec("web", false)));
        assertThat(at(tcg, "//os/cmdline")).isEqualTo("console=ttyS0 pci=nomsi no_timer_check");
        assertThat(at(tcg, "//*[name()='qemu:property'][@name='vectors']/@value"))
                .isEqualTo("0");
        var kvm = parse(DomainXml.of(spec("web", true)));
        assertThat(at(kvm, "//os/cmdline")).isEqualTo("console=ttyS0");
        assertThat(at(kvm, "//*[name()='qemu:property'][@name='vectors']/@value"))
                .isEmpty();
        assertThat(at(kvm, "//*[name()='qemu:property'][@name='host_mtu']/@value"))
                .isEqualTo("9000");
    }

    @Test
    void whatATenantNamesCannotBecomeMarkup() throws Exception {
        var xml = parse(DomainXml.of(spec("</title><devices/>'\"&\u0000\u0001", false)));
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
