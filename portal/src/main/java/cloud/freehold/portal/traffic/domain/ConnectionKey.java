package cloud.freehold.portal.traffic.domain;

import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.firewall.PacketWords;
import java.util.regex.Pattern;

/** A connection's name as one word, for forms: {@code 17~6~10.0.0.4~40112~10.0.0.5~443}. */
final class ConnectionKey {

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");
    private static final int PARTS = 6;

    private ConnectionKey() {}

    static String write(ConnectionName name) {
        return name.handle() + "~" + name.protocol() + "~" + name.source() + "~" + name.sourcePort() + "~"
                + name.destination() + "~" + name.destinationPort();
    }

    /** @throws InvalidInputException when it is none */
    static ConnectionName read(String text) {
        String[] parts = text.length() > 200 ? new String[0] : text.split("~", -1);
        if (parts.length != PARTS) {
            throw unreadable();
        }
        return new ConnectionName(
                number(parts[0], 0xffff_ffffL),
                (int) number(parts[1], 255),
                address(parts[2]),
                (int) number(parts[3], 65_535),
                address(parts[4]),
                (int) number(parts[5], 65_535));
    }

    private static long number(String text, long most) {
        if (!NUMBER.matcher(text).matches() || Long.parseLong(text) > most) {
            throw unreadable();
        }
        return Long.parseLong(text);
    }

    private static String address(String text) {
        return PacketWords.single(text).orElseThrow(ConnectionKey::unreadable);
    }

    private static InvalidInputException unreadable() {
        return InvalidInputException.field(
                "connections.name", "which", "This names no connection. Reload the page and pick it again.");
    }
}
