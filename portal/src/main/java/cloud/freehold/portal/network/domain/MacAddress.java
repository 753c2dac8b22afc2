package cloud.freehold.portal.network.domain;

import java.security.SecureRandom;
import java.util.HexFormat;

/** A locally administered unicast MAC, and the IPv6 address that a guest forms from it. */
record MacAddress(byte[] bytes) {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final HexFormat PAIRS = HexFormat.ofDelimiter(":");

    static MacAddress random() {
        byte[] bytes = new byte[6];
        RANDOM.nextBytes(bytes);
        bytes[0] = 0x02;
        return new MacAddress(bytes);
    }

    /** Six hex pairs with colons. */
    static MacAddress parse(String text) {
        return new MacAddress(PAIRS.parseHex(text));
    }

    /** The lower half of the address that SLAAC makes (RFC 4291, modified EUI-64), as in {@code 00ff:fe00:1}. */
    String interfaceIdentifier() {
        byte[] id = {
            (byte) (bytes[0] ^ 0x02), bytes[1], bytes[2], (byte) 0xff, (byte) 0xfe, bytes[3], bytes[4], bytes[5]
        };
        return String.format(
                "%02x%02x:%02x%02x:%02x%02x:%02x%02x", id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]);
    }

    @Override
    public String toString() {
        return PAIRS.formatHex(bytes);
    }
}
