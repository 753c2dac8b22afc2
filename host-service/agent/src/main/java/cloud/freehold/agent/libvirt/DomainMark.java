package cloud.freehold.agent.libvirt;

import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.UUID;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

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

    /** @throws IllegalArgumentException it is no mark, or one of another version: the domain is not to be touched */
    static DomainMark read(String element) {
        try {
            var root = parse(element).getDocumentElement();
            return new DomainMark(
                    root.getAttribute("owner"),
                    UUID.fromString(root.getAttribute("run")),
                    Long.parseLong(root.getAttribute("revision")),
                    root.getAttribute("spec"),
                    Long.parseLong(root.getAttribute("memory-mib")),
                    Instant.parse(root.getAttribute("started-at")));
        } catch (SAXException | DateTimeParseException e) {
            throw new IllegalArgumentException("not a mark: " + e.getMessage(), e);
        }
    }

    private static Document parse(String element) throws SAXException {
        try {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            var builder = factory.newDocumentBuilder();
            // It would write to the standard error output.
            builder.setErrorHandler(null);
            return builder.parse(new InputSource(new StringReader(element)));
        } catch (ParserConfigurationException | IOException e) {
            throw new IllegalStateException("this Java runtime's XML parser cannot be used", e);
        }
    }
}
