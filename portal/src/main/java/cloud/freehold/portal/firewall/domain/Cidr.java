package cloud.freehold.portal.firewall.domain;

/**
 * A range of addresses in its one canonical form: no host bits, lower case, RFC 5952.
 *
 * @param high the upper half of an IPv6 address; 0 for IPv4
 * @param low the lower half; an IPv4 address
 */
public record Cidr(EtherType family, long high, long low, int length) implements Comparable<Cidr> {

    public static final Cidr ALL_IPV4 = new Cidr(EtherType.IPV4, 0, 0, 0);
    public static final Cidr ALL_IPV6 = new Cidr(EtherType.IPV6, 0, 0, 0);

    private static final long IPV4_MAPPED = 0xFFFFL;

    public Cidr {
        if (family == EtherType.ANY || length < 0 || length > bits(family)) {
            throw new IllegalArgumentException("No prefix has family " + family + " and length " + length);
        }
        if ((high & ~highMask(family, length)) != 0 || (low & ~lowMask(family, length)) != 0) {
            throw new IllegalArgumentException("Host bits are set beyond /" + length);
        }
    }

    /** Reads an address or a prefix; says how to repair one with host bits. */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        String address = (slash < 0 ? text : text.substring(0, slash)).strip();
        EtherType family = address.contains(":") ? EtherType.IPV6 : EtherType.IPV4;
        int length =
                slash < 0 ? bits(family) : readLength(text.substring(slash + 1).strip(), family);
        long[] halves = family == EtherType.IPV6 ? IpText.readIpv6(address) : new long[] {0, IpText.readIpv4(address)};
        if (family == EtherType.IPV6 && halves[0] == 0 && halves[1] >>> 32 == IPV4_MAPPED && length >= 96) {
            String ipv4 = IpText.writeIpv4(halves[1] & 0xFFFF_FFFFL) + (length == 128 ? "" : "/" + (length - 96));
            throw new UnreadableException(
                    "“" + text + "” is an IPv4 address in IPv6 notation; no packet carries it. Write it as IPv4.",
                    ipv4);
        }
        Cidr cidr = new Cidr(family, halves[0] & highMask(family, length), halves[1] & lowMask(family, length), length);
        if (cidr.high != halves[0] || cidr.low != halves[1]) {
            throw new UnreadableException(
                    "“" + text + "” has bits set beyond its /" + length + ". The network is " + cidr + ".",
                    cidr.toString());
        }
        return cidr;
    }

    /** A lenient {@link #parse}: what PostgreSQL and the network stack hand out never needs a suggestion. */
    public static boolean isReadable(String text) {
        try {
            parse(text);
            return true;
        } catch (UnreadableException e) {
            return false;
        }
    }

    private static int readLength(String text, EtherType family) {
        if (!IpText.UP_TO_THREE_DIGITS.matcher(text).matches() || Integer.parseInt(text) > bits(family)) {
            throw new UnreadableException("“/" + text + "” is not a prefix length of " + family.word()
                    + ": it lies between /0 and /" + bits(family) + ".");
        }
        return Integer.parseInt(text);
    }

    public boolean isAll() {
        return length == 0;
    }

    public boolean isSingleAddress() {
        return length == bits(family);
    }

    public boolean contains(Cidr other) {
        return family == other.family
                && length <= other.length
                && (other.high & highMask(family, length)) == high
                && (other.low & lowMask(family, length)) == low;
    }

    /** Without the length when it is a single address. */
    public String display() {
        return isSingleAddress() ? address() : toString();
    }

    private String address() {
        return family == EtherType.IPV4 ? IpText.writeIpv4(low) : IpText.writeIpv6(high, low);
    }

    @Override
    public String toString() {
        return address() + "/" + length;
    }

    @Override
    public int compareTo(Cidr other) {
        int order = family.compareTo(other.family);
        order = order != 0 ? order : Long.compareUnsigned(high, other.high);
        order = order != 0 ? order : Long.compareUnsigned(low, other.low);
        return order != 0 ? order : Integer.compare(length, other.length);
    }

    private static int bits(EtherType family) {
        return family == EtherType.IPV4 ? 32 : 128;
    }

    private static long highMask(EtherType family, int length) {
        return family == EtherType.IPV4 ? 0 : topBits(Math.min(length, 64), 64);
    }

    private static long lowMask(EtherType family, int length) {
        return family == EtherType.IPV4 ? topBits(length, 32) : topBits(Math.max(length - 64, 0), 64);
    }

    private static long topBits(int count, int of) {
        return count == 0 ? 0 : -1L >>> (64 - of) & (-1L << (of - count));
    }
}
