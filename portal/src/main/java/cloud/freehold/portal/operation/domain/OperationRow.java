package cloud.freehold.portal.operation.domain;

import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.operation.OperationKind;
import cloud.freehold.portal.operation.OperationState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

final class OperationRow {

    static final String COLUMNS =
            "id, kind, target_kind, target_id, target_name, state, percent, step, error_code, error_message,"
                    + " requested_by_name, deadline, created_at, started_at, finished_at,"
                    + " bytes_done, bytes_total, bytes_per_second, coalesce(chain_id, id) as chain_id";

    private OperationRow() {}

    static Operation read(ResultSet row, int number) throws SQLException {
        return new Operation(
                new OperationId(row.getObject("id", UUID.class)),
                OperationKind.valueOf(row.getString("kind")),
                row.getString("target_kind"),
                row.getObject("target_id", UUID.class),
                row.getString("target_name"),
                OperationState.valueOf(row.getString("state")),
                row.getInt("percent"),
                row.getString("step"),
                row.getString("error_code"),
                row.getString("error_message"),
                row.getString("requested_by_name"),
                row.getObject("deadline", OffsetDateTime.class).toInstant(),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                instant(row, "started_at"),
                instant(row, "finished_at"),
                copied(row),
                row.getObject("chain_id", UUID.class));
    }

    private static Operation.@Nullable Copied copied(ResultSet row) throws SQLException {
        long total = row.getLong("bytes_total");
        return row.wasNull()
                ? null
                : new Operation.Copied(row.getLong("bytes_done"), total, row.getLong("bytes_per_second"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
