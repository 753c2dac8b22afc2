package cloud.freehold.portal.firewall.domain;

/** Which IP version a rule is for. */
public enum EtherType {
    ANY("any"),
    IPV4("IPv4"),
    IPV6("IPv6");

    private final String word;

    EtherType(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
