package cloud.freehold.portal.notification.delivery;

import cloud.freehold.portal.database.SystemAccess;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The system's client, for what is told by hosts' words and schedules. */
@Component
public class SystemAnnouncements {

    private final JdbcClient system;

    SystemAnnouncements(@SystemAccess JdbcClient system) {
        this.system = system;
    }

    public JdbcClient client() {
        return system;
    }
}
