package cloud.freehold.portal.firewall.domain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a change set did, for history and the audit trail. */
final class RuleSetSummary {

    private static final int NAMED = 3;
    private static final int AUDITED = 200;

    private final RuleSetDiff diff;
    private final RuleWords words;

    RuleSetSummary(RuleSetDiff diff, RemoteNames names) {
        this.diff = diff;
        this.words = new RuleWords(names);
    }

    /** "+1 −1: allow ingress TCP 443 (HTTPS) from any; not any more: …". */
    String line() {
        List<String> parts = new ArrayList<>();
        diff.added().forEach(rule -> parts.add(words.sentence(rule.spec())));
        diff.changed()
                .forEach(change ->
                        parts.add("now " + words.sentence(change.after().spec())));
        diff.removed().forEach(rule -> parts.add("not any more: " + words.sentence(rule.spec())));
        if (diff.changesEgressDefault()) {
            parts.add("egress default " + diff.after().egressDefault().word());
        }
        String named = String.join("; ", parts.subList(0, Math.min(NAMED, parts.size())));
        String more = parts.size() > NAMED ? "; and " + (parts.size() - NAMED) + " more" : "";
        return parts.isEmpty() ? diff.shorthand() : diff.shorthand() + ": " + named + more;
    }

    Map<String, Object> before(long version) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("version", version);
        if (diff.changesEgressDefault()) {
            state.put("egressDefault", diff.before().egressDefault().word());
        }
        put(state, "removed", diff.removed());
        put(
                state,
                "changed",
                diff.changed().stream().map(RuleSetDiff.Change::before).toList());
        return state;
    }

    Map<String, Object> after(long version) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("version", version);
        if (diff.changesEgressDefault()) {
            state.put("egressDefault", diff.after().egressDefault().word());
        }
        put(state, "added", diff.added());
        put(
                state,
                "changed",
                diff.changed().stream().map(RuleSetDiff.Change::after).toList());
        if (!diff.moved().isEmpty()) {
            state.put("moved", diff.moved().size());
        }
        return state;
    }

    /** The revision holds the rest of a very long list. */
    private void put(Map<String, Object> state, String key, List<Rule> rules) {
        if (!rules.isEmpty()) {
            Map<String, String> sentences = new LinkedHashMap<>();
            rules.stream()
                    .limit(AUDITED)
                    .forEach(rule -> sentences.put(rule.id().toString(), words.sentence(rule.spec())));
            state.put(key, sentences);
            if (rules.size() > AUDITED) {
                state.put(key + "Count", rules.size());
            }
        }
    }
}
