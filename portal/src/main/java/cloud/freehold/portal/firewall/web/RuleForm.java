package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.RuleInput;
import org.jspecify.annotations.Nullable;

/**
 * The editor's fields as they are sent. A box that is not ticked is not sent at all, hence "no".
 *
 * @param use a suggestion to take over, {@code field=value}
 */
record RuleForm(
        @Nullable String direction,
        @Nullable String action,
        @Nullable String etherType,
        @Nullable String protocol,
        @Nullable String ports,
        @Nullable String remote,
        @Nullable String description,
        @Nullable String enabled,
        @Nullable String log,
        @Nullable String expires,
        @Nullable String use) {

    /** Longer than anything that makes sense in a field. */
    private static final int LIMIT = 4_000;

    RuleInput input() {
        RuleInput typed = new RuleInput(
                text(direction, "ingress"),
                text(action, "allow"),
                text(etherType, ""),
                text(protocol, ""),
                text(ports, ""),
                text(remote, ""),
                text(description, ""),
                text(enabled, "no"),
                text(log, "no"),
                text(expires, ""));
        int equals = use == null ? -1 : use.indexOf('=');
        return use == null || equals < 0 ? typed : typed.withField(use.substring(0, equals), use.substring(equals + 1));
    }

    /** Whether a helper in the row was pressed (a suggestion, my address) and not the button that keeps the rule. */
    boolean isHelped() {
        return use != null && !use.isEmpty();
    }

    private static String text(@Nullable String value, String otherwise) {
        String given = value == null ? otherwise : value;
        return given.length() <= LIMIT ? given : given.substring(0, LIMIT);
    }
}
