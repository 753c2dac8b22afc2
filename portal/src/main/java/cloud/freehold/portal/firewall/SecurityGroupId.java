package cloud.freehold.portal.firewall;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** A security group: a named, versioned set of rules that NICs share. */
public record SecurityGroupId(UUID value) implements Id {

    public static SecurityGroupId of(String text) {
        return new SecurityGroupId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
