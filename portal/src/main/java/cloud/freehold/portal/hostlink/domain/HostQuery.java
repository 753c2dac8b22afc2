package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Queries for those objects of one host that changed after a revision, in the one snapshot of a transaction. */
record HostQuery(JdbcClient jdbc, UUID hostId, long after) {

    /** {@code host_object_change_idx} is only for who says "revision > 0". */
    private static final String OBJECTS =
            " join host_object o on o.host_id = :host and o.kind = :kind and not o.removed"
                    + " and o.revision > 0 and o.revision > :after";

    /** @param select up to and including the "from" with its table; @param on the column that is the object's id */
    JdbcClient.StatementSpec changed(ObjectKind kind, String select, String on, String rest) {
        return jdbc.sql(select + OBJECTS + " and o.object_id = " + on + " " + rest)
                .param("host", hostId)
                .param("kind", kind.name())
                .param("after", after);
    }
}
