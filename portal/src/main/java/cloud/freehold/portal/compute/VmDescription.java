package cloud.freehold.portal.compute;

/** What people call a VM and how carefully they want it treated. */
public record VmDescription(String name, String description, boolean deletionProtection) {}
