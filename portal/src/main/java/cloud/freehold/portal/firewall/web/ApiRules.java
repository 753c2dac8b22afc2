package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.GroupNames;
import cloud.freehold.portal.firewall.domain.RemoteNames;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleInput;
import cloud.freehold.portal.firewall.domain.RuleReader;
import cloud.freehold.portal.firewall.domain.RuleSet;
import cloud.freehold.portal.firewall.domain.RuleSpec;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Reads the API's rules with the same rules as the editor's row; names each wrong field as {@code rules[3].portMin}. */
@Component
class ApiRules {

    private final GroupNames names;
    private final Uuid7 ids;
    private final Clock clock;

    ApiRules(GroupNames names, Uuid7 ids, Clock clock) {
        this.names = names;
        this.ids = ids;
        this.clock = clock;
    }

    /** @param present ids that a rule may have; a rule without one gets a new one */
    List<Rule> read(TenantId tenant, List<@Nullable ApiRule> rules, RuleSet present) {
        RemoteNames known = names.of(tenant);
        RuleReader reader = new RuleReader(known, clock.instant(), ZoneOffset.UTC);
        Set<RuleId> mayHave = present.rules().stream().map(Rule::id).collect(Collectors.toSet());
        Set<RuleId> seen = new HashSet<>();
        List<FieldProblem> problems = new ArrayList<>();
        List<Rule> read = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            String at = "rules[" + i + "].";
            ApiRule rule = rules.get(i);
            if (rule == null) {
                problems.add(new FieldProblem("rules[" + i + "]", "This is null and no rule. Leave it out."));
                continue;
            }
            RuleId id = id(rule, mayHave, seen, at, problems);
            RuleSpec spec = spec(rule, known, reader, at, problems);
            if (spec != null) {
                read.add(new Rule(id, spec));
            }
        }
        if (!problems.isEmpty()) {
            throw new InvalidInputException(
                    "rules.invalid",
                    problems.get(0).field() + ": " + problems.get(0).message(),
                    problems);
        }
        return read;
    }

    private RuleId id(ApiRule rule, Set<RuleId> mayHave, Set<RuleId> seen, String at, List<FieldProblem> problems) {
        if (rule.id() == null) {
            return new RuleId(ids.next());
        }
        try {
            RuleId id = RuleId.of(rule.id());
            if (!mayHave.contains(id)) {
                problems.add(
                        new FieldProblem(at + "id", "This group has no such rule. Leave the id out for a new rule."));
            } else if (!seen.add(id)) {
                problems.add(new FieldProblem(at + "id", "This rule is listed twice."));
            }
            return id;
        } catch (NotFoundException e) {
            problems.add(new FieldProblem(at + "id", "This is not a rule's id. Leave it out for a new rule."));
            return new RuleId(ids.next());
        }
    }

    private static @Nullable RuleSpec spec(
            ApiRule rule, RemoteNames known, RuleReader reader, String at, List<FieldProblem> problems) {
        int before = problems.size();
        String remote = remote(rule, known, at, problems);
        String ports = ports(rule, at, problems);
        RuleInput input = new RuleInput(
                text(rule.direction()),
                text(rule.action()),
                text(rule.etherType()),
                single(rule.protocol(), "protocol", at, problems),
                ports,
                remote,
                text(rule.description()),
                flag(rule.enabled()),
                flag(rule.log()),
                text(rule.expiresAt()));
        RuleReader.Reading reading = reader.read(input);
        reading.errors()
                .forEach(error -> problems.add(new FieldProblem(at + apiField(error.field(), rule), error.message())));
        return problems.size() == before && reading.specs().size() == 1
                ? reading.specs().get(0)
                : null;
    }

    private static String apiField(String field, ApiRule rule) {
        return switch (field) {
            case "ports" -> rule.icmpType() != null ? "icmpType" : "portMin";
            case "remote" -> "remotePrefix";
            case "expires" -> "expiresAt";
            default -> field;
        };
    }

    private static String ports(ApiRule rule, String at, List<FieldProblem> problems) {
        if (rule.portMin() == null && rule.portMax() != null) {
            problems.add(new FieldProblem(at + "portMin", "A range needs its lower end as well."));
        }
        if (rule.icmpCode() != null && rule.icmpType() == null) {
            problems.add(new FieldProblem(at + "icmpCode", "A code needs its type as well."));
        }
        if (rule.portMin() != null && rule.icmpType() != null) {
            problems.add(new FieldProblem(at + "icmpType", "A rule has ports or an ICMP type, not both."));
        }
        if (rule.icmpType() != null) {
            return rule.icmpType() + (rule.icmpCode() == null ? "" : "/" + rule.icmpCode());
        }
        if (rule.portMin() == null) {
            return "";
        }
        return rule.portMax() == null ? String.valueOf(rule.portMin()) : rule.portMin() + "-" + rule.portMax();
    }

    private static String remote(ApiRule rule, RemoteNames known, String at, List<FieldProblem> problems) {
        int given = (rule.remotePrefix() == null ? 0 : 1)
                + (rule.remoteGroupId() == null ? 0 : 1)
                + (rule.remoteAddressGroupId() == null ? 0 : 1);
        if (given > 1) {
            problems.add(new FieldProblem(
                    at + "remotePrefix", "A rule has one remote: a prefix, a group or an address group."));
            return "any";
        }
        try {
            if (rule.remoteGroupId() != null) {
                String name = known.groups().get(SecurityGroupId.of(rule.remoteGroupId()));
                return name == null ? unknown(at + "remoteGroupId", problems) : RemoteNames.GROUP + name;
            }
            if (rule.remoteAddressGroupId() != null) {
                String name = known.addressGroups().get(AddressGroupId.of(rule.remoteAddressGroupId()));
                return name == null ? unknown(at + "remoteAddressGroupId", problems) : RemoteNames.ADDRESSES + name;
            }
        } catch (NotFoundException e) {
            return unknown(at + (rule.remoteGroupId() != null ? "remoteGroupId" : "remoteAddressGroupId"), problems);
        }
        return rule.remotePrefix() == null ? "any" : single(rule.remotePrefix(), "remotePrefix", at, problems);
    }

    private static String unknown(String field, List<FieldProblem> problems) {
        problems.add(new FieldProblem(field, "There is no such group. List the groups to see their ids."));
        return "any";
    }

    /** The API names one value where the editor takes a list. */
    private static String single(@Nullable String text, String field, String at, List<FieldProblem> problems) {
        if (text != null && (text.contains(",") || text.contains(";"))) {
            problems.add(new FieldProblem(at + field, "This takes one value; send a rule for each."));
            return "";
        }
        return text(text);
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static String flag(@Nullable Boolean flag) {
        return flag == null ? "" : flag ? "yes" : "no";
    }
}
