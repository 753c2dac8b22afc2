package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.Remote;
import cloud.freehold.portal.firewall.domain.Rule;
import cloud.freehold.portal.firewall.domain.RuleSpec;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A rule in the API. What is null is any, or the default; what comes back is always in the one canonical form, so that a
 * tool which sends what it received changes nothing.
 *
 * @param id of a rule that is there; null for a new one
 * @param protocol a name or a number
 * @param remotePrefix CIDR; at most one of the three remotes is given
 */
record ApiRule(
        @Nullable String id,
        @Nullable String direction,
        @Nullable String action,
        @Nullable String etherType,
        @Nullable String protocol,
        @Nullable Integer portMin,
        @Nullable Integer portMax,
        @Nullable Integer icmpType,
        @Nullable Integer icmpCode,
        @Nullable String remotePrefix,
        @Nullable String remoteGroupId,
        @Nullable String remoteAddressGroupId,
        @Nullable String description,
        @Nullable Boolean enabled,
        @Nullable Boolean log,
        @Nullable String expiresAt) {

    static ApiRule of(Rule rule) {
        RuleSpec spec = rule.spec();
        Instant expires = spec.expiresAt();
        return new ApiRule(
                rule.id().toString(),
                spec.direction().name(),
                spec.action().name(),
                spec.etherType().name(),
                spec.protocol().toString(),
                spec.ports() == null ? null : spec.ports().min(),
                spec.ports() == null ? null : spec.ports().max(),
                spec.icmp() == null ? null : spec.icmp().type(),
                spec.icmp() == null ? null : spec.icmp().code(),
                spec.remote() instanceof Remote.Prefix prefix ? prefix.cidr().toString() : null,
                spec.remote() instanceof Remote.Group group ? group.id().toString() : null,
                spec.remote() instanceof Remote.Addresses addresses
                        ? addresses.id().toString()
                        : null,
                spec.description(),
                spec.enabled(),
                spec.log(),
                expires == null ? null : expires.toString());
    }
}
