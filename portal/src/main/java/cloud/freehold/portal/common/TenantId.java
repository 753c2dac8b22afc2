package cloud.freehold.portal.common;

import java.util.UUID;

/** A tenant: the owner of VMs, networks, rules and bills. */
public record TenantId(UUID value) implements Id {

    public static TenantId of(String text) {
        return new TenantId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
