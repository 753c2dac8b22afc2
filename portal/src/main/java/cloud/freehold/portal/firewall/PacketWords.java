package cloud.freehold.portal.firewall;

import cloud.freehold.portal.firewall.domain.Cidr;
import cloud.freehold.portal.firewall.domain.IcmpType;
import cloud.freehold.portal.firewall.domain.Protocol;
import cloud.freehold.portal.firewall.domain.Service;
import cloud.freehold.portal.firewall.domain.UnreadableException;
import java.util.Optional;
import java.util.OptionalInt;

/** What packets are called, in the same words as rules. */
public final class PacketWords {

    private PacketWords() {}

    /** "TCP", "ICMPv6", "protocol 99". */
    public static String protocol(int number) {
        return new Protocol(number).display();
    }

    /** As it is typed into a rule: "tcp", "99". */
    public static String protocolWord(int number) {
        return new Protocol(number).toString();
    }

    /** Of a protocol's name; empty for anything else, numbers included. */
    public static OptionalInt protocolNumber(String word) {
        if (word.isBlank() || Character.isDigit(word.charAt(0))) {
            return OptionalInt.empty();
        }
        try {
            Integer number = Protocol.parse(word).number();
            return number == null ? OptionalInt.empty() : OptionalInt.of(number);
        } catch (UnreadableException e) {
            return OptionalInt.empty();
        }
    }

    public static boolean hasPorts(int protocol) {
        return new Protocol(protocol).hasPorts();
    }

    public static boolean isIcmp(int protocol) {
        return new Protocol(protocol).isIcmp();
    }

    /** "443 (HTTPS)", "echo-request", "" where the protocol has neither ports nor types. */
    public static String port(int protocol, int port) {
        if (isIcmp(protocol)) {
            return portWord(protocol, port);
        }
        return hasPorts(protocol)
                ? service(protocol, port).map(name -> port + " (" + name + ")").orElse(Integer.toString(port))
                : "";
    }

    /** As it is typed into a rule: "443", "echo-request"; empty where there are neither ports nor types. */
    public static String portWord(int protocol, int port) {
        if (isIcmp(protocol)) {
            int code = port & 0xff;
            return new IcmpType(port >> 8 & 0xff, code == 0 ? null : Integer.valueOf(code))
                    .format(new Protocol(protocol));
        }
        return hasPorts(protocol) ? Integer.toString(port) : "";
    }

    /**
     * Type × 256 + code of an ICMP type as people write it.
     *
     * @return empty: there is no such type
     */
    public static OptionalInt icmp(int protocol, String text) {
        try {
            IcmpType type = IcmpType.parse(text, new Protocol(protocol));
            return OptionalInt.of(type.type() << 8 | (type.code() == null ? 0 : type.code()));
        } catch (UnreadableException e) {
            return OptionalInt.empty();
        }
    }

    private static Optional<String> service(int protocol, int port) {
        String word = protocolWord(protocol);
        return Service.all().stream()
                .filter(service -> service.ports().equals(Integer.toString(port)))
                .filter(service -> (", " + service.protocols() + ",").contains(" " + word + ","))
                .map(Service::name)
                .findFirst();
    }

    /** One way to write an address or CIDR; empty when it is none. */
    public static Optional<String> address(String text) {
        try {
            return Optional.of(Cidr.parse(text).display());
        } catch (UnreadableException e) {
            return Optional.empty();
        }
    }

    /** Whether an address lies in a network; both in their canonical form. */
    public static boolean covers(String network, String address) {
        return Cidr.parse(network).contains(Cidr.parse(address));
    }

    /** An address of one machine, in its one way to be written; empty when it is none or a network. */
    public static Optional<String> single(String text) {
        try {
            Cidr cidr = Cidr.parse(text);
            return cidr.isSingleAddress() && !text.contains("/") ? Optional.of(cidr.display()) : Optional.empty();
        } catch (UnreadableException e) {
            return Optional.empty();
        }
    }
}
