package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.InvalidInputException.FieldProblem;
import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.domain.AddressGroup;
import cloud.freehold.portal.firewall.domain.AddressGroup.Entry;
import cloud.freehold.portal.firewall.domain.AddressGroups;
import cloud.freehold.portal.firewall.domain.Cidr;
import cloud.freehold.portal.firewall.domain.UnreadableException;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Address groups for programs. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/address-groups")
class AddressGroupApi {

    private final AddressGroups groups;
    private final ActorSource actors;

    AddressGroupApi(AddressGroups groups, ActorSource actors) {
        this.groups = groups;
        this.actors = actors;
    }

    record Summary(String id, String name, String description, long version, int addresses, int rules) {}

    record Address(@Nullable String prefix, @Nullable String description) {}

    record Body(
            @Nullable String name,
            @Nullable String description,
            @Nullable List<@Nullable Address> addresses) {}

    record Detail(String id, String name, String description, long version, List<Address> addresses) {}

    @GetMapping
    Map<String, List<Summary>> list(TenantScope scope) {
        return Map.of(
                "items",
                groups.list(scope.tenantId()).stream()
                        .map(line -> new Summary(
                                line.group().id().toString(),
                                line.group().name(),
                                line.group().description(),
                                line.group().version(),
                                line.entries(),
                                line.rules()))
                        .toList());
    }

    @PostMapping
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> create(TenantScope scope, @RequestBody Body body) {
        AddressGroup group = groups.create(
                scope.tenantId(), actors.current(), text(body.name()), text(body.description()), entries(body));
        URI location = URI.create("/api/v1/tenants/" + scope.slug() + "/address-groups/" + group.id());
        return ResponseEntity.created(location).eTag(ETags.of(group.version())).body(detail(group));
    }

    @GetMapping("/{addressGroupId}")
    ResponseEntity<Detail> get(TenantScope scope, @PathVariable String addressGroupId) {
        AddressGroup group = groups.get(scope.tenantId(), AddressGroupId.of(addressGroupId));
        return ResponseEntity.ok().eTag(ETags.of(group.version())).body(detail(group));
    }

    /** Name, description and all addresses; what is left out of the body is emptied. */
    @PutMapping("/{addressGroupId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Detail> replace(
            TenantScope scope,
            @PathVariable String addressGroupId,
            @RequestBody Body body,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        AddressGroupId id = AddressGroupId.of(addressGroupId);
        groups.get(scope.tenantId(), id);
        try {
            AddressGroup group = groups.change(
                    scope.tenantId(),
                    actors.current(),
                    id,
                    ETags.required(ifMatch),
                    text(body.name()),
                    text(body.description()),
                    entries(body));
            return ResponseEntity.ok().eTag(ETags.of(group.version())).body(detail(group));
        } catch (ConflictException e) {
            throw StaleVersionException.stale(String.valueOf(e.getMessage()));
        }
    }

    @DeleteMapping("/{addressGroupId}")
    @RequiresRole(Role.OPERATOR)
    ResponseEntity<Void> delete(TenantScope scope, @PathVariable String addressGroupId) {
        groups.delete(scope.tenantId(), actors.current(), AddressGroupId.of(addressGroupId));
        return ResponseEntity.noContent().build();
    }

    private static List<Entry> entries(Body body) {
        List<@Nullable Address> addresses = body.addresses() == null ? List.of() : body.addresses();
        if (addresses.size() > AddressGroup.ENTRY_LIMIT) {
            throw InvalidInputException.field(
                    "addresses.too-many",
                    "addresses",
                    "At most " + AddressGroup.ENTRY_LIMIT
                            + " addresses fit into a group. Split them into several groups.");
        }
        List<Entry> entries = new ArrayList<>();
        List<FieldProblem> problems = new ArrayList<>();
        for (int i = 0; i < addresses.size(); i++) {
            Address address = addresses.get(i);
            if (address == null) {
                problems.add(new FieldProblem("addresses[" + i + "]", "This is null and no address. Leave it out."));
                continue;
            }
            String description = text(address.description());
            if (description.length() > AddressGroup.ENTRY_DESCRIPTION_LIMIT
                    || description.chars().anyMatch(Character::isISOControl)) {
                problems.add(new FieldProblem(
                        "addresses[" + i + "].description",
                        "A description has at most " + AddressGroup.ENTRY_DESCRIPTION_LIMIT
                                + " characters and no line breaks."));
            }
            try {
                entries.add(new Entry(Cidr.parse(text(address.prefix())), description));
            } catch (UnreadableException e) {
                problems.add(new FieldProblem("addresses[" + i + "].prefix", e.sentence()));
            }
        }
        if (!problems.isEmpty()) {
            throw new InvalidInputException(
                    "addresses.invalid",
                    problems.get(0).field() + ": " + problems.get(0).message(),
                    problems);
        }
        return entries;
    }

    private static Detail detail(AddressGroup group) {
        return new Detail(
                group.id().toString(),
                group.name(),
                group.description(),
                group.version(),
                group.entries().stream()
                        .map(entry -> new Address(entry.prefix().toString(), entry.description()))
                        .toList());
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text.strip();
    }
}
