package cloud.freehold.portal.firewall;

/** A security group that one can choose, for example for a new VM's NIC. */
public record GroupChoice(SecurityGroupId id, String name, String description, int rules) {}
