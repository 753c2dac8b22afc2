package cloud.freehold.agent.libvirt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** {@link VmDisks} by libvirt. */
final class LibvirtDisks implements VmDisks {
    private static final Duration PLUG = Duration.ofSeconds(20);
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
        var xml = hypervisor.onDomain(vm, "describe", LOOK, domain -> {
            var text = library.virDomainGetXMLDesc(domain, 0);
            return text == null ? null : LibvirtLibrary.take(text);
        });
        return parse(xml);
    }

    static List<Plugged> parse(String xml) throws HypervisorException {
        try {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            var document = factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
            var disks = document.getElementsByTagName("disk");
            var found = new ArrayList<Plugged>();
            for (int i = 0; i < disks.getLength(); i++) {
                var disk = (Element) disks.item(i);
                found.add(new Plugged(
                        child(disk, "target").getAttribute("dev"),
                        child(disk, "alias").getAttribute("name"),
                        Path.of(child(disk, "source").getAttribute("file"))));
            }
            return found;
        } catch (ParserConfigurationException | SAXException | IOException | IllegalArgumentException e) {
            throw new HypervisorException(HypervisorException.Kind.REFUSED, "libvirt's description of a domain: " + e);
        }
    }

    /** The disk's own, not its backing image's. */
    private static Element child(Element disk, String name) {
        for (var node = disk.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                return element;
            }
        }
        throw new IllegalArgumentException("a disk without " + name);
    }

    @Override
    public void plug(DomainSpec spec, DomainSpec.Disk disk) throws HypervisorException {
        var xml = DomainXml.disk(spec, disk);
        hypervisor.act(
                spec.vm(),
                "plug a disk of",
                PLUG,
                domain -> library.virDomainAttachDeviceFlags(domain, xml, LibvirtLibrary.AFFECT_LIVE));
    }

    @Override
    public void unplug(UUID vm, String alias) throws HypervisorException {
        hypervisor.act(
                vm,
                "unplug a disk of",
                PLUG,
                domain -> library.virDomainDetachDeviceAlias(domain, alias, LibvirtLibrary.AFFECT_LIVE));
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
