package cloud.freehold.portal.backup.schedule;

import cloud.freehold.portal.backup.domain.FileLimits;
import cloud.freehold.portal.database.SystemAccess;
import java.time.Clock;
import java.time.ZoneOffset;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Removes what was brought out of points and lies there no longer for anybody. */
@Component
class FileSweep {

    private final JdbcClient system;
    private final Clock clock;

    FileSweep(@SystemAccess JdbcClient system, Clock clock) {
        this.system = system;
        this.clock = clock;
    }

    void sweep() {
        system.sql("delete from fetched_file where expires_at <= :now")
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .update();
        // A cancelled one is told to nobody but the operation.
        system.sql("""
                        delete from fetched_file f using operation o where o.id = f.operation_id and o.state = 'CANCELLED'
                        """).update();
        system.sql("delete from point_folder where read_at <= :listed")
                .param("listed", clock.instant().minus(FileLimits.LISTED).atOffset(ZoneOffset.UTC))
                .update();
    }
}
