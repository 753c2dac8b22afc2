package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.identity.SignedInUser;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.session.FindByIndexNameSessionRepository;
import org.springframework.session.Session;
import org.springframework.stereotype.Service;

/** The places where a person is signed in. */
@Service
public class OwnSessions {

    private final FindByIndexNameSessionRepository<? extends Session> repository;

    OwnSessions(FindByIndexNameSessionRepository<? extends Session> repository) {
        this.repository = repository;
    }

    /**
     * @param key names the session on the page; the session's id itself is a secret even from its owner's screen
     */
    public record OpenSession(
            String key, Instant signedInAt, Instant lastUsedAt, String address, String agent, boolean current) {}

    /** The latest first. */
    public List<OpenSession> of(SignedInUser user, String currentId) {
        return byId(user.id()).values().stream()
                .map(session -> open(session, currentId))
                .sorted(Comparator.comparing(OpenSession::lastUsedAt).reversed())
                .toList();
    }

    public void end(SignedInUser user, String key) {
        String id = byId(user.id()).keySet().stream()
                .filter(candidate -> key(candidate).equals(key))
                .findFirst()
                .orElseThrow(() -> new NotFoundException("This session has ended already. Reload the page."));
        repository.deleteById(id);
    }

    public void endOthers(SignedInUser user, String currentId) {
        byId(user.id()).keySet().stream().filter(id -> !id.equals(currentId)).forEach(repository::deleteById);
    }

    /** Also the present one. */
    public void endAll(UserId user) {
        byId(user).keySet().forEach(repository::deleteById);
    }

    private Map<String, ? extends Session> byId(UserId user) {
        return repository.findByPrincipalName(user.toString());
    }

    private static OpenSession open(Session session, String currentId) {
        return new OpenSession(
                key(session.getId()),
                session.getCreationTime(),
                session.getLastAccessedTime(),
                String.valueOf((Object) session.getAttributeOrDefault(SessionFacts.ADDRESS, "unknown")),
                String.valueOf((Object) session.getAttributeOrDefault(SessionFacts.AGENT, "unknown")),
                session.getId().equals(currentId));
    }

    private static String key(String sessionId) {
        return UUID.nameUUIDFromBytes(sessionId.getBytes(StandardCharsets.UTF_8))
                .toString();
    }
}
