package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.domain.Consequence.Weight;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells what a difference between two rule sets means: what it opens and closes to everybody, what it drops, whether
 * nothing is left. Compares what is effective now, so that disabling and removing count alike.
 */
public final class Consequences {

    private final Instant now;

    public Consequences(Instant now) {
        this.now = now;
    }

    public List<Consequence> of(RuleSetDiff diff) {
        List<Consequence> found = new ArrayList<>();
        Map<String, RuleSpec> openBefore = openToAll(diff.before());
        Map<String, RuleSpec> openAfter = openToAll(diff.after());
        openAfter.forEach((key, spec) -> {
            if (!openBefore.containsKey(key)) {
                found.add(opens(spec));
            }
        });
        openBefore.forEach((key, spec) -> {
            if (!openAfter.containsKey(key)) {
                found.add(new Consequence(Weight.NOTICE, "closes " + RuleWords.service(spec) + " to the internet"));
            }
        });
        drops(diff, found);
        if (allowed(diff.after(), Direction.INGRESS) == 0 && allowed(diff.before(), Direction.INGRESS) > 0) {
            found.add(new Consequence(
                    Weight.WARNING, "leaves no ingress rule: nothing new reaches its NICs by this group"));
        }
        if (diff.changesEgressDefault()) {
            found.add(
                    diff.after().egressDefault() == Action.DROP
                            ? new Consequence(
                                    Weight.WARNING, "drops all egress that no rule allows, DNS and updates included")
                            : new Consequence(Weight.NOTICE, "lets out all egress that no rule drops"));
        }
        return found;
    }

    private static Consequence opens(RuleSpec spec) {
        if (spec.protocol().isAny()) {
            return new Consequence(Weight.WARNING, "opens every protocol and port to the internet");
        }
        List<Service> sensitive = Service.sensitiveIn(spec);
        String what = RuleWords.service(spec);
        if (sensitive.isEmpty()) {
            return new Consequence(Weight.NOTICE, "opens " + what + " to the internet");
        }
        if (sensitive.size() == 1 && Service.of(spec).isPresent()) {
            return new Consequence(Weight.WARNING, "opens " + what + " to the internet");
        }
        return new Consequence(Weight.WARNING, "opens " + what + " to the internet, " + among(sensitive) + " included");
    }

    private static String among(List<Service> services) {
        List<String> names = services.stream().map(Service::name).toList();
        return names.size() <= 3
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, 3)) + " and " + (names.size() - 3) + " more";
    }

    private void drops(RuleSetDiff diff, List<Consequence> found) {
        List<RuleSpec> before = diff.before().rules().stream()
                .map(Rule::spec)
                .filter(this::drops)
                .toList();
        diff.after().rules().stream()
                .map(Rule::spec)
                .filter(this::drops)
                .filter(spec -> before.stream().noneMatch(old -> old.matchOnly().equals(spec.matchOnly())))
                .filter(spec -> spec.remote().isEverybody())
                .forEach(spec -> found.add(new Consequence(
                        Weight.WARNING,
                        "drops all " + spec.direction().word() + " " + RuleWords.service(spec)
                                + ", whatever other rules allow")));
    }

    private boolean drops(RuleSpec spec) {
        return spec.isEffective(now) && spec.action() == Action.DROP;
    }

    private long allowed(RuleSet set, Direction direction) {
        return set.in(direction).stream()
                .filter(rule -> rule.spec().isEffective(now) && rule.spec().action() == Action.ALLOW)
                .count();
    }

    /** What everybody on the internet may connect to. */
    private Map<String, RuleSpec> openToAll(RuleSet set) {
        Map<String, RuleSpec> open = new LinkedHashMap<>();
        set.in(Direction.INGRESS).stream()
                .map(Rule::spec)
                .filter(spec -> spec.isEffective(now) && spec.action() == Action.ALLOW)
                .filter(spec -> spec.remote().isEverybody())
                .forEach(spec -> open.putIfAbsent(RuleWords.match(spec), spec));
        return open;
    }

    /** What a single rule says about itself in the table; empty when it is harmless. */
    public static Optional<String> wideOpen(RuleSpec spec) {
        if (spec.direction() != Direction.INGRESS
                || spec.action() != Action.ALLOW
                || !spec.enabled()
                || !spec.remote().isEverybody()) {
            return Optional.empty();
        }
        if (spec.protocol().isAny()) {
            return Optional.of("everything open to the internet");
        }
        List<Service> sensitive = Service.sensitiveIn(spec);
        return sensitive.isEmpty() ? Optional.empty() : Optional.of(among(sensitive) + " open to the internet");
    }
}
