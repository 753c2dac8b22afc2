package cloud.freehold.portal.firewall.domain;

/** What happens to a new connection that a rule matches. A drop wins over each allow. */
public enum Action {
    ALLOW("allow"),
    DROP("drop");

    private final String word;

    Action(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
