package cloud.freehold.portal.members.domain;

import cloud.freehold.portal.audit.AuditEntry;
import cloud.freehold.portal.audit.AuditTrail;
import cloud.freehold.portal.common.ConflictException;
import cloud.freehold.portal.common.ForbiddenException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.identity.Accounts;
import cloud.freehold.portal.identity.Accounts.Account;
import cloud.freehold.portal.identity.Accounts.SignInLink;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * Who belongs to a tenant. Admins manage members up to their own role; owners are made and unmade by owners only, and
 * one owner always remains.
 */
@Service
@Transactional
public class Members {

    private static final String KIND = "member";

    private final MemberRows rows;
    private final MembershipCount elsewhere;
    private final Accounts accounts;
    private final AuditTrail trail;

    Members(MemberRows rows, MembershipCount elsewhere, Accounts accounts, AuditTrail trail) {
        this.rows = rows;
        this.elsewhere = elsewhere;
        this.accounts = accounts;
        this.trail = trail;
    }

    /** @param link null when the person has a password already or belongs to another tenant, too */
    public record Added(Member member, @Nullable SignInLink link) {}

    @Transactional(readOnly = true)
    public List<Member> list(TenantScope scope) {
        return rows.list(scope.tenantId());
    }

    public Added add(TenantScope scope, String email, Role role) {
        requireRank(scope, role);
        Account account = accounts.findOrCreate(email);
        if (!rows.insert(scope.tenantId(), account.id(), role)) {
            throw new ConflictException(
                    "member.exists", account.email() + " is a member already. Change the role in the list instead.");
        }
        trail.record(
                scope.tenantId(),
                AuditEntry.of("member.added", KIND, account.id().value(), account.email())
                        .after(Map.of("role", role)));
        Member added = new Member(account.id(), account.email(), account.displayName(), role, !account.hasPassword());
        boolean needsLink = !account.hasPassword() && !elsewhere.isMemberElsewhere(account.id(), scope.tenantId());
        return new Added(added, needsLink ? accounts.createSignInLink(account.id()) : null);
    }

    public void changeRole(TenantScope scope, UserId user, Role role) {
        Member member = locked(scope, user);
        requireRank(scope, member.role());
        requireRank(scope, role);
        if (member.role() == role) {
            return;
        }
        keepAnOwner(scope, member);
        rows.updateRole(scope.tenantId(), user, role);
        trail.record(
                scope.tenantId(),
                AuditEntry.of("member.role-changed", KIND, user.value(), member.email())
                        .before(Map.of("role", member.role()))
                        .after(Map.of("role", role)));
    }

    public void remove(TenantScope scope, UserId user) {
        Member member = locked(scope, user);
        requireRank(scope, member.role());
        keepAnOwner(scope, member);
        rows.delete(scope.tenantId(), user);
        trail.record(
                scope.tenantId(),
                AuditEntry.of("member.removed", KIND, user.value(), member.email())
                        .before(Map.of("role", member.role())));
    }

    /**
     * A fresh link for somebody who never set or has forgotten the password. Not for people who belong to another
     * tenant as well: who holds the link becomes that person there, too.
     */
    public SignInLink createLink(TenantScope scope, UserId user) {
        Member member = locked(scope, user);
        requireRank(scope, member.role());
        if (elsewhere.isMemberElsewhere(user, scope.tenantId())) {
            throw new ConflictException(
                    "member.elsewhere",
                    member.email() + " belongs to another tenant as well, so no tenant can reset the password alone."
                            + " Ask the provider, or let them change it themselves under Your account.");
        }
        SignInLink link = accounts.createSignInLink(user);
        trail.record(scope.tenantId(), AuditEntry.of("member.link-created", KIND, user.value(), member.email()));
        return link;
    }

    private Member locked(TenantScope scope, UserId user) {
        return rows.lock(scope.tenantId(), user)
                .orElseThrow(() -> new NotFoundException("This person is not a member (any more). Reload the list."));
    }

    private static void requireRank(TenantScope scope, Role needed) {
        if (!scope.role().atLeast(needed)) {
            throw new ForbiddenException(
                    "member.rank",
                    "Only an owner can add, change or remove an owner. Ask one of the owners in the list.");
        }
    }

    private void keepAnOwner(TenantScope scope, Member leaving) {
        if (leaving.role() == Role.OWNER && rows.lockOwners(scope.tenantId()).size() < 2) {
            throw new ConflictException(
                    "member.last-owner",
                    leaving.email() + " is the only owner, and a tenant needs one. Make somebody else owner first.");
        }
    }
}
