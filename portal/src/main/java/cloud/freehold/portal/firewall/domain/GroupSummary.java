package cloud.freehold.portal.firewall.domain;

/** A line in the list of groups. */
public record GroupSummary(SecurityGroup group, int ingressRules, int egressRules, int nics, int referringRules) {}
