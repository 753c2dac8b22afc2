package cloud.freehold.portal.firewall;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** An address group: a named list of prefixes that rules refer to. */
public record AddressGroupId(UUID value) implements Id {

    public static AddressGroupId of(String text) {
        return new AddressGroupId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
