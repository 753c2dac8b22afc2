package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.AddressGroupId;
import java.time.Instant;
import java.util.List;

/** Prefixes under one name, in canonical order. */
public record AddressGroup(
        AddressGroupId id, String name, String description, long version, Instant updatedAt, List<Entry> entries) {

    /** Hosts keep this many without strain; longer lists belong into several groups. */
    public static final int ENTRY_LIMIT = 10_000;

    public static final int ENTRY_DESCRIPTION_LIMIT = 200;

    /** One prefix and why it is there. */
    public record Entry(Cidr prefix, String description) {}
}
