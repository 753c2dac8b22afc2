package cloud.freehold.portal.backup.domain;

import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.portal.backup.FilePlace;
import cloud.freehold.portal.backup.Folder;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.Operations;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Folders of points as hosts have listed them, in the current transaction of the tenant. */
@Component
class ListedFolders {

    private final JdbcClient jdbc;
    private final Operations operations;
    private final JsonMapper json;

    ListedFolders(JdbcClient jdbc, Operations operations, JsonMapper json) {
        this.jdbc = jdbc;
        this.operations = operations;
        this.json = json;
    }

    Optional<Folder> find(TenantId tenant, FilePlace place, Instant since) {
        return jdbc.sql("""
                        select entries, truncated, read_at from point_folder
                        where tenant_id = :tenant and point_id = :point and volume_id = :volume and md5(path) = md5(:path)
                          and path = :path and read_at > :since
                        """)
                .param("tenant", tenant.value())
                .param("point", place.point().value())
                .param("volume", place.volume())
                .param("path", place.path().value())
                .param("since", since.atOffset(ZoneOffset.UTC))
                .query((row, number) -> new Folder(
                        List.of(json.readValue(row.getString("entries"), Entry[].class)),
                        row.getBoolean("truncated"),
                        row.getObject("read_at", OffsetDateTime.class).toInstant()))
                .optional();
    }

    /** The latest operation that was to list the folder, whichever way it ended. */
    Optional<Operation> latest(TenantId tenant, FilePlace place, Instant since) {
        return jdbc.sql("""
                        select id from operation
                        where tenant_id = :tenant and target_id = :point and kind = 'FILES_LIST' and created_at > :since
                          and arguments ->> 'volumeId' = :volume and arguments ->> 'path' = :path
                        order by id desc limit 1
                        """)
                .param("tenant", tenant.value())
                .param("point", place.point().value())
                .param("volume", place.volume().toString())
                .param("path", place.path().value())
                .param("since", since.atOffset(ZoneOffset.UTC))
                .query(UUID.class)
                .optional()
                .map(id -> operations.get(tenant, new OperationId(id)));
    }

    /** What is being opened in the point right now. */
    Optional<OperationId> open(TenantId tenant, PointId point) {
        return jdbc.sql("""
                        select id from operation where tenant_id = :tenant and target_id = :point and kind = 'FILES_LIST'
                          and state in ('QUEUED', 'RUNNING') order by id desc limit 1
                        """)
                .param("tenant", tenant.value())
                .param("point", point.value())
                .query(UUID.class)
                .optional()
                .map(OperationId::new);
    }
}
