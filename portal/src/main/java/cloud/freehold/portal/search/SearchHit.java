package cloud.freehold.portal.search;

/**
 * One thing that was found.
 *
 * @param kind what it is, in the portal's words: VM, Address, Security group, Address group, Operation
 * @param detail what tells it from others of the same name; may be empty
 * @param path below the tenant's path
 */
public record SearchHit(String kind, String text, String detail, String path) {}
