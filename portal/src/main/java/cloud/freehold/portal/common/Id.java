package cloud.freehold.portal.common;

import com.fasterxml.jackson.annotation.JsonValue;
import java.io.Serializable;
import java.util.UUID;

/** An id with a type of its own, a record of one UUID. Programs see and send that UUID as text. */
public interface Id extends Serializable {

    @JsonValue
    UUID value();
}
