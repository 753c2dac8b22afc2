package cloud.freehold.portal.identity.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.testing.PortalTest;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.session.Session;
import org.springframework.session.SessionRepository;

@PortalTest
class SessionStorageTests {

    @Autowired
    private SessionRepository<? extends Session> sessions;

    @Test
    void lastUseMovesByTheMinute() {
        Stored<?> stored = new Stored<>(sessions);
        Instant first = stored.session().getLastAccessedTime();

        stored.usedAt(first.plusSeconds(59));
        assertThat(stored.session().getLastAccessedTime()).isEqualTo(first);

        stored.usedAt(first.plusSeconds(60));
        assertThat(stored.session().getLastAccessedTime()).isEqualTo(first.plusSeconds(60));
    }

    @Test
    void everythingElseIsStoredAtOnce() {
        Stored<?> stored = new Stored<>(sessions);
        String before = stored.id;

        stored.withNewId();
        assertThat(stored.session()).isNotNull();
        assertThat(sessions.findById(before)).isNull();

        stored.limitedTo(Duration.ofMinutes(5));
        assertThat(stored.session().getMaxInactiveInterval()).isEqualTo(Duration.ofMinutes(5));
    }

    private static final class Stored<S extends Session> {

        private final SessionRepository<S> sessions;
        private String id;

        Stored(SessionRepository<S> sessions) {
            this.sessions = sessions;
            S session = sessions.createSession();
            id = session.getId();
            sessions.save(session);
        }

        S session() {
            return sessions.findById(id);
        }

        void usedAt(Instant time) {
            S session = session();
            session.setLastAccessedTime(time);
            sessions.save(session);
        }

        void withNewId() {
            S session = session();
            id = session.changeSessionId();
            sessions.save(session);
        }

        void limitedTo(Duration idle) {
            S session = session();
            session.setMaxInactiveInterval(idle);
            sessions.save(session);
        }
    }
}
