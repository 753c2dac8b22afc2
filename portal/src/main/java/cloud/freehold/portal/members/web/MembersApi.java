package cloud.freehold.portal.members.web;

import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.identity.Accounts.SignInLink;
import cloud.freehold.portal.members.domain.Member;
import cloud.freehold.portal.members.domain.Members;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The same for programs. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}/members")
class MembersApi {

    private final Members members;

    MembersApi(Members members) {
        this.members = members;
    }

    record MemberJson(String id, String email, String displayName, Role role, boolean pending) {

        static MemberJson of(Member member) {
            return new MemberJson(
                    member.id().toString(), member.email(), member.displayName(), member.role(), member.pending());
        }
    }

    record NewMember(
            @NotBlank @Size(max = 254) String email,
            @NotNull Role role) {}

    record NewRole(@NotNull Role role) {}

    record AddedJson(MemberJson member, @Nullable SignInLink link) {}

    @GetMapping
    List<MemberJson> list(TenantScope scope) {
        return members.list(scope).stream().map(MemberJson::of).toList();
    }

    @PostMapping
    @RequiresRole(Role.ADMIN)
    @ResponseStatus(HttpStatus.CREATED)
    AddedJson add(TenantScope scope, @Valid @RequestBody NewMember wanted) {
        Members.Added added = members.add(scope, wanted.email(), wanted.role());
        return new AddedJson(MemberJson.of(added.member()), added.link());
    }

    @PutMapping("/{member}/role")
    @RequiresRole(Role.ADMIN)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void changeRole(TenantScope scope, @PathVariable String member, @Valid @RequestBody NewRole wanted) {
        members.changeRole(scope, UserId.of(member), wanted.role());
    }

    @DeleteMapping("/{member}")
    @RequiresRole(Role.ADMIN)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void remove(TenantScope scope, @PathVariable String member) {
        members.remove(scope, UserId.of(member));
    }
}
