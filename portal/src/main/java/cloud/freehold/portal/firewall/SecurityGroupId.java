package cloud.freehold.portal.firewall;

import cloud.freehold.portal.common.Ids;
import java.io.Serializable;
import java.util.UUID;

/** A security group: a named, versioned set of rules that NICs share. */
public record SecurityGroupId(UUID value) implements Serializable {

    public static SecurityGroupId of(String text) {
        return new SecurityGroupId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
