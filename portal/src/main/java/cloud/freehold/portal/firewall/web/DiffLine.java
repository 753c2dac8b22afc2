package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.RemoteNames;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleInput;
import cloud.freehold.portal.firewall.domain.RuleSetDiff;
import cloud.freehold.portal.firewall.domain.RuleSpec;
import cloud.freehold.portal.firewall.domain.RuleWords;
import cloud.freehold.portal.firewall.domain.RuleWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A line of a difference in words.
 *
 * @param change added, removed, changed or moved
 * @param before the old words of a changed rule
 */
record DiffLine(
        String change, String sign, String text, @Nullable String before) {

    static List<DiffLine> of(RuleSetDiff diff, RemoteNames names) {
        RuleWords words = new RuleWords(names);
        List<DiffLine> lines = new ArrayList<>();
        if (diff.changesEgressDefault()) {
            lines.add(new DiffLine(
                    "changed",
                    "~",
                    "egress that no rule matches: "
                            + diff.after().egressDefault().word(),
                    diff.before().egressDefault().word()));
        }
        diff.removed().forEach(rule -> lines.add(new DiffLine("removed", "−", line(words, rule.spec()), null)));
        diff.changed().forEach(change -> lines.add(changed(words, names, change)));
        diff.added().forEach(rule -> lines.add(new DiffLine("added", "+", line(words, rule.spec()), null)));
        diff.moved().stream()
                .filter(rule -> diff.changed().stream()
                        .noneMatch(change -> change.after().id().equals(rule.id())))
                .forEach(rule ->
                        lines.add(new DiffLine("moved", "↕", line(words, rule.spec()) + " — another place", null)));
        return lines;
    }

    private static DiffLine changed(RuleWords words, RemoteNames names, RuleSetDiff.Change change) {
        Rule before = change.before();
        Rule after = change.after();
        String old = line(words, before.spec());
        String now = line(words, after.spec());
        if (old.equals(now)) {
            RuleWriter writer = new RuleWriter(names);
            old = details(writer.write(before.spec()));
            now = line(words, after.spec()) + details(writer.write(after.spec()));
        }
        return new DiffLine("changed", "~", now, old);
    }

    private static String line(RuleWords words, RuleSpec spec) {
        String text = words.sentence(spec);
        return spec.description().isEmpty() ? text : text + " · " + spec.description();
    }

    private static String details(RuleInput input) {
        return " · " + (input.expires().isEmpty() ? "does not expire" : "expires " + input.expires())
                + (input.log().equals("yes") ? " · logged" : " · not logged");
    }
}
