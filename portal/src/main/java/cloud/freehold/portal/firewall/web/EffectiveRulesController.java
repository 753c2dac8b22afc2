package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.firewall.RuleId;
import cloud.freehold.portal.firewall.domain.Attachments;
import cloud.freehold.portal.firewall.domain.EffectiveRules;
import cloud.freehold.portal.firewall.domain.GroupNames;
import cloud.freehold.portal.firewall.domain.Hits;
import cloud.freehold.portal.firewall.domain.RuleSets;
import cloud.freehold.portal.firewall.domain.RuleWords;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.servlet.ModelAndView;

/** What one NIC obeys, all its groups together; a page, and a part of the VM's page. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/nics/{nicId}")
class EffectiveRulesController {

    private final Attachments attachments;
    private final RuleSets ruleSets;
    private final GroupNames names;
    private final Hits hits;
    private final Clock clock;

    EffectiveRulesController(Attachments attachments, RuleSets ruleSets, GroupNames names, Hits hits, Clock clock) {
        this.attachments = attachments;
        this.ruleSets = ruleSets;
        this.names = names;
        this.hits = hits;
        this.clock = clock;
    }

    /** @param text the rule without its direction, which the heading says */
    record Line(SecurityGroup group, RuleId id, String action, String text, Hits.Count hits) {}

    @GetMapping
    ModelAndView show(TenantScope scope, @PathVariable String nicId, HttpServletRequest request) {
        Attachments.Nic nic = attachments.nic(scope.tenantId(), Ids.parse(nicId));
        List<EffectiveRules.Source> sources = attachments.groupsOf(scope.tenantId(), nic.id()).stream()
                .map(group -> new EffectiveRules.Source(group, ruleSets.current(scope.tenantId(), group)))
                .toList();
        EffectiveRules rules = EffectiveRules.of(sources, clock.instant());
        Map<RuleId, Hits.Count> counts = hits.of(
                scope.tenantId(),
                Stream.concat(rules.ingress().stream(), rules.egress().stream())
                        .map(entry -> entry.rule().id())
                        .toList());
        RuleWords words = new RuleWords(names.of(scope.tenantId()));
        Map<String, Object> model = new HashMap<>();
        model.put("nic", nic);
        model.put("groupCount", sources.size());
        model.put("ingress", lines(rules.ingress(), counts, words));
        model.put("egress", lines(rules.egress(), counts, words));
        model.put("strictBy", rules.strictBy());
        return new ModelAndView(Htmx.of(request).view("firewall/effective", "firewall/_vm :: rules"), model);
    }

    private static List<Line> lines(
            List<EffectiveRules.Entry> entries, Map<RuleId, Hits.Count> counts, RuleWords words) {
        return entries.stream()
                .map(entry -> new Line(
                        entry.group(),
                        entry.rule().id(),
                        entry.rule().spec().action().word(),
                        words.packets(entry.rule().spec()),
                        counts.getOrDefault(entry.rule().id(), Hits.Count.NONE)))
                .toList();
    }
}
