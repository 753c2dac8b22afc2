package cloud.freehold.portal.operation;

import cloud.freehold.portal.common.Id;
import cloud.freehold.portal.common.Ids;
import java.util.UUID;

/** An operation. For a command to a host it is the command's id as well. */
public record OperationId(UUID value) implements Id {

    public static OperationId of(String text) {
        return new OperationId(Ids.parse(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
