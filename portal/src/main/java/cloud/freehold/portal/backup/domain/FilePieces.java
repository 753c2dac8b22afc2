package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.FetchedFile;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.secrets.Secrets;
import cloud.freehold.portal.secrets.Wrapped;
import java.io.IOException;
import java.io.OutputStream;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Parts of files on their way from a host to a browser, which may reach different portals: they lie in the database, sealed by a key
 * outside of it.
 */
@Component
public class FilePieces {

    private final JdbcClient jdbc;
    private final TenantTransaction transactions;
    private final Secrets secrets;

    FilePieces(JdbcClient jdbc, TenantTransaction transactions, Secrets secrets) {
        this.jdbc = jdbc;
        this.transactions = transactions;
        this.secrets = secrets;
    }

    /** Each part in a transaction of its own, so that a slow browser holds none open. */
    void write(TenantId tenant, FetchedFile file, OutputStream to) throws IOException {
        UUID operation = file.operation().id().value();
        for (int number = 0; number < file.pieces(); number++) {
            int part = number;
            Wrapped sealed = transactions.read(
                    tenant,
                    () -> jdbc.sql("""
                            select sealed, sealed_by from fetched_piece
                            where tenant_id = :tenant and operation_id = :operation and number = :number
                            """)
                            .param("tenant", tenant.value())
                            .param("operation", operation)
                            .param("number", part)
                            .query((row, index) -> new Wrapped(row.getBytes("sealed"), row.getString("sealed_by")))
                            .optional()
                            .orElse(null));
            if (sealed == null) {
                throw new IOException("The file was removed while it was being downloaded");
            }
            to.write(secrets.unwrap(sealed, purpose(file.operation().id(), part)));
        }
    }

    /** In the current transaction of the system's data source. */
    public void add(JdbcClient system, TenantId tenant, OperationId operation, int number, byte[] bytes) {
        Wrapped sealed = secrets.wrap(bytes, purpose(operation, number));
        system.sql("""
                        insert into fetched_piece (operation_id, tenant_id, number, sealed, sealed_by)
                        values (:operation, :tenant, :number, :sealed, :by)
                        """)
                .param("operation", operation.value())
                .param("tenant", tenant.value())
                .param("number", number)
                .param("sealed", sealed.bytes())
                .param("by", sealed.by())
                .update();
    }

    private static String purpose(OperationId operation, int number) {
        return "fetched-file " + operation + " " + number;
    }
}
