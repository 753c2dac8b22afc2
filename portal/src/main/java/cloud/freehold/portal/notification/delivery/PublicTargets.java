package cloud.freehold.portal.notification.delivery;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Locale;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Keeps tenants' webhooks from reaching what only the portal can reach: itself, the database, hosts, the cloud's metadata. A
 * name's addresses are looked at when the connection is made, and the connection goes to just those.
 */
@Component
public class PublicTargets {

    private boolean allowPrivate;

    PublicTargets(@Value("${freehold.notification.allow-private:false}") boolean allowPrivate) {
        this.allowPrivate = allowPrivate;
    }

    public boolean allowPrivate() {
        return allowPrivate;
    }

    /** A first look without asking any server for the name. */
    public boolean mayName(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        boolean local = name.equals("localhost")
                || name.endsWith(".localhost")
                || name.endsWith(".local")
                || name.endsWith(".internal");
        boolean literal = name.startsWith("[") || name.matches("[0-9.]+") || name.matches("0x[0-9a-f]+");
        if (allowPrivate || !(local || literal)) {
            return true;
        }
        try {
            return !local && isPublic(InetAddress.getByName(name));
        } catch (UnknownHostException noAddress) {
            return false;
        }
    }

    /**
     * The addresses of a name that may be connected to.
     *
     * @throws UnknownHostException when there is none; also when one of them is not public, because then the next try might
     *     get that one
     */
    InetAddress[] resolve(String host) throws UnknownHostException {
        InetAddress[] all = InetAddress.getAllByName(host);
        if (!allowPrivate && !Arrays.stream(all).allMatch(PublicTargets::isPublic)) {
            throw new UnknownHostException(host + " has an address that is not public");
        }
        return all;
    }

    static boolean isPublic(InetAddress address) {
        if (address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()) {
            return false;
        }
        byte[] bytes = address.getAddress();
        return address instanceof Inet4Address ? isPublic4(bytes) : address instanceof Inet6Address && isPublic6(bytes);
    }

    /** RFC 6890: this network, shared (100.64/10), IETF, benchmarks (198.18/15), examples, reserved. */
    private static boolean isPublic4(byte[] b) {
        int one = b[0] & 0xff;
        int two = b[1] & 0xff;
        int three = b[2] & 0xff;
        return !(one == 0
                || one == 10
                || one == 127
                || (one == 100 && (two & 0xc0) == 64)
                || (one == 169 && two == 254)
                || (one == 172 && (two & 0xf0) == 16)
                || (one == 192 && two == 168)
                || (one == 192 && two == 0 && (three == 0 || three == 2))
                || (one == 198 && (two & 0xfe) == 18)
                || (one == 198 && two == 51 && three == 100)
                || (one == 203 && two == 0 && three == 113)
                || one >= 224);
    }

    /** Global unicast (2000::/3) alone, without documentation, and without what hides an IPv4 address: 6to4, Teredo, NAT64. */
    private static boolean isPublic6(byte[] b) {
        boolean global = (b[0] & 0xe0) == 0x20;
        boolean sixToFour = (b[0] & 0xff) == 0x20 && (b[1] & 0xff) == 0x02;
        boolean special = (b[0] & 0xff) == 0x20 && (b[1] & 0xff) == 0x01 && (b[2] & 0xff) < 0x02;
        boolean documentation =
                (b[0] & 0xff) == 0x20 && (b[1] & 0xff) == 0x01 && (b[2] & 0xff) == 0x0d && (b[3] & 0xff) == 0xb8;
        return global && !sixToFour && !special && !documentation;
    }
}
