package cloud.freehold.agent.libvirt;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** Reads libvirt's description of a running domain. */
final class Described {

    /** @param tag as disk */
    static List<Element> devices(String xml, String tag) throws HypervisorException {
        try {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            var nodes = factory.newDocumentBuilder()
                    .parse(new InputSource(new StringReader(xml)))
                    .getElementsByTagName(tag);
            var found = new ArrayList<Element>();
            for (int i = 0; i < nodes.getLength(); i++) {
                found.add((Element) nodes.item(i));
            }
            return found;
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw notUnderstood(e.toString());
        }
    }

    /** Of the device's own child, not of what is nested deeper, as a disk's backing image. */
    static String attribute(Element device, String child, String name) throws HypervisorException {
        for (var node = device.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(child)) {
                return element.getAttribute(name);
            }
        }
        throw notUnderstood("a device without " + child);
    }

    private static HypervisorException notUnderstood(String why) {
        return new HypervisorException(
                HypervisorException.Kind.REFUSED, "libvirt's description of a domain is not understood: " + why);
    }

    private Described() {}
}
