package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.firewall.SecurityGroupId;
import cloud.freehold.portal.firewall.domain.Consequences;
import cloud.freehold.portal.firewall.domain.Drafts;
import cloud.freehold.portal.firewall.domain.GroupNames;
import cloud.freehold.portal.firewall.domain.RemoteNames;
import cloud.freehold.portal.firewall.domain.RuleFile;
import cloud.freehold.portal.firewall.domain.RuleFileCsv;
import cloud.freehold.portal.firewall.domain.RuleFileJson;
import cloud.freehold.portal.firewall.domain.RuleImport;
import cloud.freehold.portal.firewall.domain.RuleReader;
import cloud.freehold.portal.firewall.domain.RuleSet;
import cloud.freehold.portal.firewall.domain.RuleSetDiff;
import cloud.freehold.portal.firewall.domain.RuleSets;
import cloud.freehold.portal.firewall.domain.SecurityGroup;
import cloud.freehold.portal.firewall.domain.SecurityGroups;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

/** Rules as CSV and JSON, out and in. What comes in is looked at first, then stands in the draft, then is applied. */
@Controller
@RequestMapping("/t/{tenantSlug}/firewall/groups/{groupId}")
class TransferController {

    private static final int TEXT_LIMIT = 2_000_000;

    private final SecurityGroups groups;
    private final RuleSets ruleSets;
    private final GroupViews views;
    private final GroupNames names;
    private final Drafts drafts;
    private final Uuid7 ids;
    private final Clock clock;

    TransferController(
            SecurityGroups groups,
            RuleSets ruleSets,
            GroupViews views,
            GroupNames names,
            Drafts drafts,
            Uuid7 ids,
            Clock clock) {
        this.groups = groups;
        this.ruleSets = ruleSets;
        this.views = views;
        this.names = names;
        this.drafts = drafts;
        this.ids = ids;
        this.clock = clock;
    }

    @GetMapping("/rules.csv")
    ResponseEntity<byte[]> csv(TenantScope scope, @PathVariable String groupId) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        String text =
                RuleFileCsv.write(ruleSets.current(scope.tenantId(), group).rules(), names.of(scope.tenantId()));
        return file(group, "csv", MediaType.parseMediaType("text/csv;charset=UTF-8"), text);
    }

    @GetMapping("/rules.json")
    ResponseEntity<byte[]> json(TenantScope scope, @PathVariable String groupId) {
        SecurityGroup group = groups.get(scope.tenantId(), SecurityGroupId.of(groupId));
        String text =
                RuleFileJson.write(group.name(), ruleSets.current(scope.tenantId(), group), names.of(scope.tenantId()));
        return file(group, "json", MediaType.APPLICATION_JSON, text);
    }

    private static ResponseEntity<byte[]> file(SecurityGroup group, String ending, MediaType type, String text) {
        String name = group.name().replaceAll("[^A-Za-z0-9._-]", "_") + "-v" + group.version() + "." + ending;
        return ResponseEntity.ok()
                .contentType(type)
                .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"" + name + "\"")
                .body(text.getBytes(StandardCharsets.UTF_8));
    }

    @GetMapping("/import")
    @RequiresRole(Role.OPERATOR)
    ModelAndView form(TenantScope scope, @PathVariable String groupId) {
        return page(scope, SecurityGroupId.of(groupId), ImportView.blank());
    }

    /** Without {@code take} it only shows what would happen; with it the result becomes the draft. */
    @PostMapping("/import")
    @RequiresRole(Role.OPERATOR)
    ModelAndView read(
            TenantScope scope,
            @PathVariable String groupId,
            @RequestParam(defaultValue = "") String text,
            @RequestParam(required = false) @Nullable MultipartFile file,
            @RequestParam(defaultValue = "append") String mode,
            @RequestParam(required = false) @Nullable String take,
            RedirectAttributes redirect) {
        SecurityGroupId id = SecurityGroupId.of(groupId);
        groups.get(scope.tenantId(), id);
        boolean replace = mode.equals("replace");
        String content = file == null || file.isEmpty() ? text : decoded(file);
        if (content.length() > TEXT_LIMIT) {
            throw new InvalidInputException("import.too-large", "This is more than 2 MB. Split it into several files.");
        }
        RemoteNames known = names.of(scope.tenantId());
        RuleFile.Content parsed = RuleFile.read(content, new RuleReader(known, clock.instant(), scope.zone()));
        if (!parsed.isValid()) {
            return refused(
                    page(scope, id, new ImportView(content, replace, parsed.errors(), List.of(), List.of(), true)));
        }
        RuleImport taken = new RuleImport(parsed.rules(), replace, ids);
        if (take != null) {
            drafts.edit(scope.tenantId(), scope.userId(), id, taken::into);
            redirect.addFlashAttribute("notice", "The imported rules stand below. Look at them, then apply.");
            return new ModelAndView("redirect:" + scope.path("/firewall/groups/" + id) + "?review=yes#review");
        }
        RuleSet shown = views.shown(scope, id);
        RuleSetDiff diff = RuleSetDiff.between(shown, taken.into(shown));
        return page(
                scope,
                id,
                new ImportView(
                        content,
                        replace,
                        List.of(),
                        DiffLine.of(diff, known),
                        new Consequences(clock.instant()).of(diff),
                        true));
    }

    private static String decoded(MultipartFile file) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(file.getBytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(
                    "import.encoding", "The file is not UTF-8 text. Save it as CSV UTF-8 or JSON and upload it again.");
        } catch (IOException e) {
            throw new InvalidInputException("import.unreadable", "The file did not arrive whole. Upload it again.");
        }
    }

    private ModelAndView page(TenantScope scope, SecurityGroupId id, ImportView view) {
        SecurityGroup group = groups.get(scope.tenantId(), id);
        return new ModelAndView(
                "firewall/import",
                Map.of("group", group, "base", scope.path("/firewall/groups/" + id), "imported", view));
    }

    private static ModelAndView refused(ModelAndView page) {
        page.setStatus(HttpStatus.UNPROCESSABLE_CONTENT);
        return page;
    }
}
