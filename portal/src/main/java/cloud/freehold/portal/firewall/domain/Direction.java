package cloud.freehold.portal.firewall.domain;

/** Seen from the NIC that a rule protects. */
public enum Direction {
    /** To the guest. */
    INGRESS("ingress", "from"),
    /** From the guest. */
    EGRESS("egress", "to");

    private final String word;
    private final String preposition;

    Direction(String word, String preposition) {
        this.word = word;
        this.preposition = preposition;
    }

    public String word() {
        return word;
    }

    /** What stands between the service and the remote: "TCP 22 <em>from</em> 192.0.2.7". */
    public String preposition() {
        return preposition;
    }
}
