package cloud.freehold.portal.identity.domain;

import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.session.config.SessionRepositoryCustomizer;
import org.springframework.session.jdbc.JdbcIndexedSessionRepository;

/**
 * How sessions are stored. Each request moves a session's time of last use, and as is the repository writes that to disk
 * before the answer leaves. To the minute is enough for what it is used for, so most requests write nothing.
 */
@Configuration(proxyBeanMethods = false)
class SessionStorage {

    private static final Duration LAST_USE_TO = Duration.ofMinutes(1);

    /** In the order in which the repository gives the values. */
    private static final String UPDATE = """
            UPDATE spring_session s
            SET session_id = n.session_id, last_access_time = n.last_access_time,
                max_inactive_interval = n.max_inactive_interval, expiry_time = n.expiry_time,
                principal_name = n.principal_name
            FROM (SELECT ?::char(36) AS session_id, ?::bigint AS last_access_time, ?::integer AS max_inactive_interval,
                         ?::bigint AS expiry_time, ?::text AS principal_name, ?::char(36) AS primary_id) n
            WHERE s.primary_id = n.primary_id
              AND (s.session_id <> n.session_id OR s.max_inactive_interval <> n.max_inactive_interval
                   OR s.principal_name IS DISTINCT FROM n.principal_name
                   OR n.last_access_time - s.last_access_time >= %d)
            """.formatted(LAST_USE_TO.toMillis());

    @Bean
    SessionRepositoryCustomizer<JdbcIndexedSessionRepository> lastUseToTheMinute() {
        return sessions -> sessions.setUpdateSessionQuery(UPDATE);
    }
}
