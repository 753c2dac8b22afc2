package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.FetchedFile;
import cloud.freehold.portal.backup.FilePath;
import cloud.freehold.portal.backup.FilePlace;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.Operations;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Files that were asked for out of points, in the current transaction of the tenant. */
@Component
class FetchedFiles {

    private final JdbcClient jdbc;
    private final Operations operations;
    private final Clock clock;

    FetchedFiles(JdbcClient jdbc, Operations operations, Clock clock) {
        this.jdbc = jdbc;
        this.operations = operations;
        this.clock = clock;
    }

    /** How many of the tenant's are there or on their way. */
    int count(TenantId tenant) {
        return jdbc.sql("""
                        select count(*) from fetched_file f join operation o on o.id = f.operation_id
                        where f.tenant_id = :tenant and f.expires_at > :now and o.state in ('QUEUED', 'RUNNING', 'DONE')
                        """)
                .param("tenant", tenant.value())
                .param("now", in(Duration.ZERO))
                .query(Integer.class)
                .single();
    }

    /** @param within by then it has come and was downloaded, or it is removed */
    void add(
            TenantId tenant,
            FilePlace place,
            boolean folder,
            @Nullable Long expectedBytes,
            OperationId operation,
            Duration within) {
        jdbc.sql("""
                        insert into fetched_file (operation_id, tenant_id, point_id, volume_id, path, folder, expected_bytes, expires_at)
                        values (:operation, :tenant, :point, :volume, :path, :folder, :expected, :expires)
                        """)
                .param("operation", operation.value())
                .param("tenant", tenant.value())
                .param("point", place.point().value())
                .param("volume", place.volume())
                .param("path", place.path().value())
                .param("folder", folder)
                .param("expected", expectedBytes, java.sql.Types.BIGINT)
                .param("expires", in(within))
                .update();
    }

    List<FetchedFile> of(TenantId tenant, PointId point) {
        return jdbc.sql("""
                        select * from fetched_file where tenant_id = :tenant and point_id = :point and expires_at > :now
                        order by operation_id desc
                        """)
                .param("tenant", tenant.value())
                .param("point", point.value())
                .param("now", in(Duration.ZERO))
                .query((row, number) -> file(tenant, row))
                .list();
    }

    FetchedFile get(TenantId tenant, PointId point, OperationId operation) {
        return of(tenant, point).stream()
                .filter(file -> file.operation().id().equals(operation))
                .findFirst()
                .orElseThrow(() -> new NotFoundException(
                        "This file is there no more: files are removed once they were downloaded, and after an hour. Open"
                                + " its folder and ask for it again."));
    }

    /** @param file that was downloaded; it stays a little in case that the download has to be repeated */
    void downloaded(TenantId tenant, FetchedFile file) {
        jdbc.sql("""
                        update fetched_file set downloaded_at = :now, expires_at = least(expires_at, :again)
                        where tenant_id = :tenant and operation_id = :operation
                        """)
                .param("now", in(Duration.ZERO))
                .param("again", in(FileLimits.AGAIN))
                .param("tenant", tenant.value())
                .param("operation", file.operation().id().value())
                .update();
    }

    void remove(TenantId tenant, OperationId operation) {
        jdbc.sql("delete from fetched_file where tenant_id = :tenant and operation_id = :operation")
                .param("tenant", tenant.value())
                .param("operation", operation.value())
                .update();
    }

    private FetchedFile file(TenantId tenant, ResultSet row) throws SQLException {
        return new FetchedFile(
                operations.get(tenant, new OperationId(row.getObject("operation_id", UUID.class))),
                row.getObject("volume_id", UUID.class),
                new FilePath(row.getString("path")),
                row.getBoolean("folder"),
                row.getObject("expected_bytes", Long.class),
                row.getLong("bytes"),
                row.getInt("pieces"),
                instant(row, "expires_at"),
                row.getObject("downloaded_at") == null ? null : instant(row, "downloaded_at"));
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private OffsetDateTime in(Duration time) {
        return clock.instant().plus(time).atOffset(ZoneOffset.UTC);
    }
}
