package cloud.freehold.agent.libvirt;

import java.io.StringReader;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.xml.sax.InputSource;

/**
 * What the agent writes into a domain's metadata: that it is its own, and which run of the VM this is. It lives as long
 * as the QEMU process, so an agent that was restarted reads there what it had started.
 *
 * @param owner the agent's instance
 * @param run made anew for each start
 * @param revision the VM's revision that was started
 * @param spec digest of what cannot change without a restart
 * @param memoryMib what it takes of the host
 */
public record DomainMark(String owner, UUID run, long revision, String spec, long memoryMib, Instant startedAt) {
    static final String NAMESPACE = "https://freehold.cloud/domain/1";
    static final String PREFIX = "freehold";

    void write(Xml xml) {
        xml.leaf(
                PREFIX + ":vm",
                "xmlns:" + PREFIX,
                NAMESPACE,
                "owner",
                owner,
                "run",
                run.toString(),
                "revision",
                Long.toString(revision),
                "spec",
                spec,
                "memory-mib",
                Long.toString(memoryMib),
                "started-at",
                startedAt.toString());
    }

    /** Empty: not one of an agent's. */
    static Optional<DomainMark> read(String element) {
        try {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            var root = factory.newDocumentBuilder()
                    .parse(new InputSource(new StringReader(element)))
                    .getDocumentElement();
            return Optional.of(new DomainMark(
                    root.getAttribute("owner"),
                    UUID.fromString(root.getAttribute("run")),
                    Long.parseLong(root.getAttribute("revision")),
                    root.getAttribute("spec"),
                    Long.parseLong(root.getAttribute("memory-mib")),
                    Instant.parse(root.getAttribute("started-at"))));
        } catch (Exception e) {
            return Optional.empty();
        }
    }
}
