package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Questions on their way. The tenant's side needs an open transaction of the tenant. */
@Component
class QuestionRows {

    /** Questions of one tenant within {@link #WINDOW}; many times what pages that refresh themselves need. */
    static final int MOST = 300;

    static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration REMEMBERED = Duration.ofMinutes(1);

    private final JdbcClient jdbc;
    private final JdbcClient system;
    private final JsonMapper json;
    private final Clock clock;

    QuestionRows(JdbcClient jdbc, @SystemAccess JdbcClient system, JsonMapper json, Clock clock) {
        this.jdbc = jdbc;
        this.system = system;
        this.json = json;
        this.clock = clock;
    }

    /** @return false: the tenant has asked too much; nothing was asked */
    boolean insert(TenantId tenant, UUID id, UUID host, Question<?> question, Duration within) {
        OffsetDateTime now = now();
        int inserted = jdbc.sql("""
                        insert into host_question (id, tenant_id, host_id, within_millis, question, asked_at, expires_at)
                        select :id, :tenant, :host, :millis, :question, :now, :until
                        where (select count(*) from host_question where tenant_id = :tenant and asked_at > :window) < :most
                        """)
                .param("id", id)
                .param("tenant", tenant.value())
                .param("host", host)
                .param("millis", (int) within.toMillis())
                .param("question", json.writerFor(Question.class).writeValueAsString(question))
                .param("now", now)
                .param("until", now.plus(within))
                .param("window", now.minus(WINDOW))
                .param("most", MOST)
                .update();
        if (inserted == 1) {
            notify(jdbc, WaitingQuestions.CHANNEL, host);
        }
        return inserted == 1;
    }

    /** Those that are answered. */
    Map<UUID, Answer> answers(TenantId tenant, Collection<UUID> ids) {
        Map<UUID, Answer> found = new HashMap<>();
        jdbc.sql(
                        "select id, answer from host_question where tenant_id = :tenant and id = any (:ids) and answer is not null")
                .param("tenant", tenant.value())
                .param("ids", ids.toArray(UUID[]::new))
                .query(row -> {
                    found.put(row.getObject("id", UUID.class), json.readValue(row.getString("answer"), Answer.class));
                });
        return found;
    }

    /** Hands a host's open questions out, each once. */
    List<AskedQuestion> take(UUID host) {
        OffsetDateTime now = now();
        return new ArrayList<>(system.sql("""
                        update host_question q set taken_at = :now
                        where q.id in (select id from host_question where host_id = :host and taken_at is null
                                       and expires_at > :now order by id limit 100 for update skip locked)
                        returning q.id, q.tenant_id, q.question, q.expires_at
                        """)
                .param("host", host)
                .param("now", now)
                .query((row, number) -> new AskedQuestion(
                        row.getObject("id", UUID.class),
                        row.getObject("tenant_id", UUID.class),
                        (int) Duration.between(now, row.getObject("expires_at", OffsetDateTime.class))
                                .toMillis(),
                        (Question<?>) json.readValue(row.getString("question"), Question.class)))
                .list());
    }

    /** They were not delivered after all. */
    void giveBack(UUID host, List<AskedQuestion> questions) {
        system.sql("update host_question set taken_at = null where host_id = :host and id = any (:ids)")
                .param("host", host)
                .param("ids", questions.stream().map(AskedQuestion::id).toArray(UUID[]::new))
                .update();
    }

    /** @return whether somebody waits for it: it is this host's, unanswered and not too late */
    boolean answer(UUID host, UUID id, Answer answer) {
        OffsetDateTime now = now();
        int stored = system.sql("""
                        update host_question set answer = :answer, answered_at = :now
                        where id = :id and host_id = :host and taken_at is not null and answer is null and expires_at > :now
                        """)
                .param("answer", json.writeValueAsString(answer))
                .param("now", now)
                .param("id", id)
                .param("host", host)
                .update();
        if (stored == 1) {
            notify(system, WaitingAskers.CHANNEL, id);
        }
        return stored == 1;
    }

    /** Whose host a question was for; null: nobody asked it lately. */
    @Nullable
    UUID hostOf(UUID id) {
        return system.sql("select host_id from host_question where id = :id")
                .param("id", id)
                .query(UUID.class)
                .optional()
                .orElse(null);
    }

    void prune() {
        system.sql("delete from host_question where asked_at < :limit")
                .param("limit", now().minus(REMEMBERED))
                .update();
    }

    private static void notify(JdbcClient client, String channel, UUID payload) {
        client.sql("select pg_notify(:channel, :payload)")
                .param("channel", channel)
                .param("payload", payload.toString())
                .query((row, number) -> number)
                .list();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
