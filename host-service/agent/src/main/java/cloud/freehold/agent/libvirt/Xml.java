package cloud.freehold.agent.libvirt;

import java.util.ArrayDeque;
import java.util.Deque;

/** Writes XML with everything escaped; characters that XML does not have are left out. */
final class Xml {
    private final StringBuilder text = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /** @param attributes name, value, name, value …; a null value leaves the attribute out */
    Xml open(String tag, String... attributes) {
        start(tag, attributes).append(">");
        open.push(tag);
        return this;
    }

    Xml leaf(String tag, String... attributes) {
        start(tag, attributes).append("/>");
        return this;
    }

    Xml text(String tag, String content, String... attributes) {
        start(tag, attributes)
                .append(">")
                .append(escaped(content))
                .append("</")
                .append(tag)
                .append(">");
        return this;
    }

    Xml close() {
        text.append("</").append(open.pop()).append(">");
        return this;
    }

    private StringBuilder start(String tag, String... attributes) {
        text.append("<").append(tag);
        for (int i = 0; i < attributes.length; i += 2) {
            if (attributes[i + 1] != null) {
                text.append(" ")
                        .append(attributes[i])
                        .append("='")
                        .append(escaped(attributes[i + 1]))
                        .append("'");
            }
        }
        return text;
    }

    private static String escaped(String raw) {
        var out = new StringBuilder(raw.length());
        raw.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '\'' -> out.append("&apos;");
                case '"' -> out.append("&quot;");
                default -> {
                    if (c >= 0x20 && (c < 0xd800 || c > 0xdfff) && c != 0xfffe && c != 0xffff) {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.toString();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
