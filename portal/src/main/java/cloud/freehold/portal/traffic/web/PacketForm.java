package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.traffic.domain.PacketReader;
import org.jspecify.annotations.Nullable;

/**
 * The packet tester's fields as they are sent; all may be missing.
 *
 * @param use {@code my-address}: fill the viewer's address in instead of testing
 */
record PacketForm(
        @Nullable String nic,
        @Nullable String direction,
        @Nullable String protocol,
        @Nullable String remote,
        @Nullable String own,
        @Nullable String port,
        @Nullable String sourcePort,
        @Nullable String flags,
        @Nullable String use) {

    private static final int LONGEST = 200;

    /** Somebody asks, and not just opens the page. */
    boolean isAsked() {
        return remote != null && !isHelped();
    }

    boolean isHelped() {
        return "my-address".equals(use);
    }

    PacketReader.Typed typed() {
        return new PacketReader.Typed(
                "egress".equals(direction) ? "egress" : "ingress",
                text(protocol, "tcp"),
                text(remote, ""),
                text(own, ""),
                text(port, ""),
                text(sourcePort, ""),
                PacketReader.FLAGS.containsKey(text(flags, "")) ? text(flags, "") : "syn");
    }

    PacketReader.Typed withRemote(String address) {
        PacketReader.Typed typed = typed();
        return new PacketReader.Typed(
                typed.direction(),
                typed.protocol(),
                address,
                typed.own(),
                typed.port(),
                typed.sourcePort(),
                typed.flags());
    }

    private static String text(@Nullable String given, String otherwise) {
        if (given == null) {
            return otherwise;
        }
        String plain = given.strip();
        return plain.length() <= LONGEST ? plain : plain.substring(0, LONGEST);
    }
}
