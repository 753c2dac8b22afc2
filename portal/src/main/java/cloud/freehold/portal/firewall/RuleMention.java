package cloud.freehold.portal.firewall;

/**
 * A rule as others name it, for example where it decided over a packet.
 *
 * @param text what it is about, without its direction: "TCP 443 (HTTPS) from any"
 * @param allows false: it drops
 */
public record RuleMention(RuleId id, SecurityGroupId group, String groupName, String text, boolean allows) {

    /** Its line in the editor, below the tenant's path. */
    public String path() {
        return "/firewall/groups/" + group + "#rule-" + id;
    }
}
