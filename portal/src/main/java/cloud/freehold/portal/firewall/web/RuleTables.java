package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.AddressOwners;
import cloud.freehold.portal.firewall.domain.Cidr;
import cloud.freehold.portal.firewall.domain.Consequences;
import cloud.freehold.portal.firewall.domain.Direction;
import cloud.freehold.portal.firewall.domain.Hits;
import cloud.freehold.portal.firewall.domain.HourlyHits;
import cloud.freehold.portal.firewall.domain.Remote;
import cloud.freehold.portal.firewall.domain.RemoteNames;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleSetDiff;
import cloud.freehold.portal.firewall.domain.RuleSpec;
import cloud.freehold.portal.firewall.domain.RuleWords;
import cloud.freehold.portal.firewall.domain.Service;
import cloud.freehold.portal.tenancy.TenantScope;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Turns a rule set, and what a draft does to it, into rows. */
@Component
class RuleTables {

    static final int PAGE_SIZE = 100;

    private final Hits hits;
    private final AddressOwners owners;
    private final Clock clock;

    RuleTables(Hits hits, AddressOwners owners, Clock clock) {
        this.hits = hits;
        this.owners = owners;
        this.clock = clock;
    }

    private record Marked(Rule rule, @Nullable String change) {}

    RuleTable table(
            TenantScope scope,
            SecurityGroupId group,
            RuleSetDiff diff,
            Direction direction,
            RemoteNames names,
            ViewState state,
            @Nullable OpenEditor editor) {
        List<Marked> all = marked(diff).stream()
                .filter(marked -> marked.rule().spec().direction() == direction)
                .toList();
        RuleWords words = new RuleWords(names);
        List<Marked> matching = state.q().isEmpty()
                ? all
                : all.stream()
                        .filter(marked -> matches(words, marked.rule(), state.q())
                                || (editor != null && editor.edits(marked.rule().id())))
                        .toList();
        List<Marked> sorted = sorted(scope, matching, names, state.sort(direction));
        int pages = Math.max(1, (sorted.size() + PAGE_SIZE - 1) / PAGE_SIZE);
        int page = Math.min(state.page(direction), pages);
        List<Marked> visible = sorted.subList((page - 1) * PAGE_SIZE, Math.min(page * PAGE_SIZE, sorted.size()));
        return new RuleTable(
                direction,
                heads(direction, state),
                lines(scope, visible, names, words, editor),
                all.size(),
                matching.size(),
                page,
                pages,
                scope.path("/firewall/groups/" + group) + state.with(direction == Direction.INGRESS ? "in" : "out", ""),
                editor != null && editor.addsTo(direction));
    }

    private List<Marked> sorted(TenantScope scope, List<Marked> rules, RemoteNames names, @Nullable SortOrder order) {
        if (order == null) {
            return rules;
        }
        Map<RuleId, Hits.Count> counts =
                order.column() == SortOrder.Column.HITS ? hits.of(scope.tenantId(), idsOf(rules)) : Map.of();
        return rules.stream()
                .sorted(Comparator.comparing(Marked::rule, RuleOrder.by(order, names, counts)))
                .toList();
    }

    private static List<RuleTable.Head> heads(Direction direction, ViewState state) {
        SortOrder order = state.sort(direction);
        return Arrays.stream(SortOrder.Column.values())
                .map(column -> new RuleTable.Head(
                        label(column, direction),
                        column == SortOrder.Column.HITS,
                        order == null || order.column() != column
                                ? "none"
                                : order.descending() ? "descending" : "ascending",
                        state.sorted(direction, SortOrder.next(order, column)).query()))
                .toList();
    }

    private static String label(SortOrder.Column column, Direction direction) {
        return switch (column) {
            case ACTION -> "Action";
            case SERVICE -> "Service";
            case REMOTE -> direction == Direction.INGRESS ? "From" : "To";
            case DESCRIPTION -> "Description";
            case EXPIRES -> "Expires";
            case HITS -> "Hits";
        };
    }

    private static List<RuleId> idsOf(List<Marked> rules) {
        return rules.stream().map(marked -> marked.rule().id()).toList();
    }

    /** The rules as they will be, and where a rule is taken away its line stays, struck through. */
    private static List<Marked> marked(RuleSetDiff diff) {
        Set<RuleId> added = ids(diff.added());
        Set<RuleId> changed =
                ids(diff.changed().stream().map(RuleSetDiff.Change::after).toList());
        Set<RuleId> moved = ids(diff.moved());
        Set<RuleId> removed = ids(diff.removed());
        Map<RuleId, List<Rule>> removedAfter = new HashMap<>();
        List<Marked> marked = new ArrayList<>();
        RuleId anchor = null;
        for (Rule rule : diff.before().rules()) {
            if (!removed.contains(rule.id())) {
                anchor = rule.id();
            } else if (anchor == null) {
                marked.add(new Marked(rule, "removed"));
            } else {
                removedAfter.computeIfAbsent(anchor, id -> new ArrayList<>()).add(rule);
            }
        }
        for (Rule rule : diff.after().rules()) {
            RuleId id = rule.id();
            marked.add(new Marked(
                    rule,
                    added.contains(id)
                            ? "added"
                            : changed.contains(id) ? "changed" : moved.contains(id) ? "moved" : null));
            removedAfter.getOrDefault(id, List.of()).forEach(gone -> marked.add(new Marked(gone, "removed")));
        }
        return marked;
    }

    private static Set<RuleId> ids(List<Rule> rules) {
        Set<RuleId> ids = new HashSet<>();
        rules.forEach(rule -> ids.add(rule.id()));
        return ids;
    }

    private static boolean matches(RuleWords words, Rule rule, String query) {
        if (rule.id().toString().equalsIgnoreCase(query)) {
            return true;
        }
        String text = (words.sentence(rule.spec()) + " " + rule.spec().description()).toLowerCase(Locale.ROOT);
        for (String word : query.toLowerCase(Locale.ROOT).split("\\s+")) {
            if (!text.contains(word)) {
                return false;
            }
        }
        return true;
    }

    private List<RuleLine> lines(
            TenantScope scope, List<Marked> visible, RemoteNames names, RuleWords words, @Nullable OpenEditor editor) {
        Instant now = clock.instant();
        Map<RuleId, Hits.Count> counts = hits.of(scope.tenantId(), idsOf(visible));
        Map<RuleId, HourlyHits> curves = hits.hourly(scope.tenantId(), counts.keySet());
        Map<Cidr, AddressOwners.Owner> known = owners.of(
                scope.tenantId(),
                visible.stream()
                        .map(marked -> marked.rule().spec().remote())
                        .filter(Remote.Prefix.class::isInstance)
                        .map(remote -> ((Remote.Prefix) remote).cidr())
                        .toList());
        List<RuleLine> lines = new ArrayList<>();
        for (Marked marked : visible) {
            Rule rule = marked.rule();
            RuleSpec spec = rule.spec();
            AddressOwners.Owner owner = spec.remote() instanceof Remote.Prefix prefix ? known.get(prefix.cidr()) : null;
            lines.add(new RuleLine(
                    rule.id(),
                    spec,
                    marked.change(),
                    Service.of(spec).map(Service::name).orElse(null),
                    RuleWords.match(spec),
                    words.sentence(spec),
                    icon(spec.remote()),
                    names.nameOf(spec.remote()),
                    href(scope, spec.remote()),
                    owner == null ? null : owner.name(),
                    owner == null ? null : scope.path("/vms/" + owner.vmId()),
                    spec.isExpired(now),
                    counts.getOrDefault(rule.id(), Hits.Count.NONE),
                    curves.getOrDefault(rule.id(), HourlyHits.NONE),
                    Consequences.wideOpen(spec).orElse(null),
                    editor != null && editor.edits(rule.id())));
        }
        return lines;
    }

    private static @Nullable String icon(Remote remote) {
        return remote instanceof Remote.Group
                ? "shield-lock"
                : remote instanceof Remote.Addresses ? "address-book" : remote.isEverybody() ? "world" : null;
    }

    private static @Nullable String href(TenantScope scope, Remote remote) {
        if (remote instanceof Remote.Group group) {
            return scope.path("/firewall/groups/" + group.id());
        } else if (remote instanceof Remote.Addresses addresses) {
            return scope.path("/firewall/addresses/" + addresses.id());
        }
        return null;
    }
}
