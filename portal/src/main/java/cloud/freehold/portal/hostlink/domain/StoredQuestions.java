package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.TenantTransaction;
import cloud.freehold.portal.hostlink.HostQuestions;
import cloud.freehold.portal.hostlink.Hosts;
import cloud.freehold.portal.hostlink.Reply;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Puts questions into the database, where the host's long-poll finds them whichever portal it is connected to. */
@Component
class StoredQuestions implements HostQuestions {

    /** Requests of this portal that may wait at a time: the others' threads are for everything else. */
    private static final int WAITING_AT_ONCE = 40;
    /** Hosts that one question goes to. */
    private static final int MOST_HOSTS = 64;

    private final JdbcClient jdbc;
    private final TenantTransaction transactions;
    private final QuestionRows rows;
    private final WaitingAskers askers;
    private final Uuid7 ids;
    private final Clock clock;
    private final Semaphore waiting = new Semaphore(WAITING_AT_ONCE);

    StoredQuestions(
            JdbcClient jdbc,
            TenantTransaction transactions,
            QuestionRows rows,
            WaitingAskers askers,
            Uuid7 ids,
            Clock clock) {
        this.jdbc = jdbc;
        this.transactions = transactions;
        this.rows = rows;
        this.askers = askers;
        this.ids = ids;
        this.clock = clock;
    }

    private record Place(@Nullable UUID host, @Nullable Instant lastSeen) {

        static Place read(ResultSet row, int number) throws SQLException {
            OffsetDateTime seen = row.getObject("last_seen_at", OffsetDateTime.class);
            return new Place(row.getObject("host_id", UUID.class), seen == null ? null : seen.toInstant());
        }
    }

    @Override
    public <F extends Finding> Reply<F> ofNic(TenantId tenant, UUID nicId, Question<F> question) {
        requireNoTransaction();
        Place place = transactions.read(tenant, () -> placeOf(tenant, nicId));
        return ask(tenant, List.of(place), question).get(0);
    }

    private Place placeOf(TenantId tenant, UUID nicId) {
        return jdbc.sql("""
                        select v.host_id, h.last_seen_at from nic n join vm v on v.id = n.vm_id
                        left join host h on h.id = v.host_id
                        where n.tenant_id = :tenant and n.id = :nic and v.deleting_since is null
                        """)
                .param("tenant", tenant.value())
                .param("nic", nicId)
                .query(Place::read)
                .optional()
                .orElseThrow(() -> new NotFoundException(
                        "There is no such NIC. It may have been removed; the VM's page shows those there are."));
    }

    @Override
    public <F extends Finding> List<Reply<F>> ofHostsWith(
            TenantId tenant, ObjectKind kind, UUID objectId, Question<F> question) {
        requireNoTransaction();
        List<Place> places = transactions.read(
                tenant,
                () -> jdbc.sql("""
                                select o.host_id, h.last_seen_at from host_object o join host h on h.id = o.host_id
                                where o.tenant_id = :tenant and o.kind = :kind and o.object_id = :object and not o.removed
                                order by o.host_id limit :most
                                """)
                        .param("tenant", tenant.value())
                        .param("kind", kind.name())
                        .param("object", objectId)
                        .param("most", MOST_HOSTS)
                        .query(Place::read)
                        .list());
        return ask(tenant, places, question);
    }

    private <F extends Finding> List<Reply<F>> ask(TenantId tenant, List<Place> places, Question<F> question) {
        Map<UUID, UUID> hosts = new LinkedHashMap<>();
        Instant now = clock.instant();
        for (Place place : places) {
            if (place.host() != null && !Hosts.isAway(place.lastSeen(), now)) {
                hosts.put(place.host(), ids.next());
            }
        }
        Map<UUID, Answer> answers = hosts.isEmpty() ? Map.of() : answers(tenant, hosts, question);
        return places.stream()
                .map(place -> reply(place, hosts, answers, question.findingType()))
                .toList();
    }

    private Map<UUID, Answer> answers(TenantId tenant, Map<UUID, UUID> hosts, Question<?> question) {
        if (!waiting.tryAcquire()) {
            throw tooMany();
        }
        try (WaitingAskers.Wait wait = askers.expect(hosts.values())) {
            transactions.run(tenant, () -> hosts.forEach((host, id) -> insert(tenant, host, id, question)));
            wait.atMost(PATIENCE.toMillis());
            return transactions.read(tenant, () -> rows.answers(tenant, hosts.values()));
        } finally {
            waiting.release();
        }
    }

    private void insert(TenantId tenant, UUID host, UUID id, Question<?> question) {
        if (!rows.insert(tenant, id, host, question, PATIENCE)) {
            throw tooMany();
        }
    }

    private static CapacityException tooMany() {
        return new CapacityException(
                "questions.too-many",
                "Your hosts are being asked too much at once. Close pages that refresh themselves, wait ten seconds,"
                        + " then reload.");
    }

    private static <F extends Finding> Reply<F> reply(
            Place place, Map<UUID, UUID> hosts, Map<UUID, Answer> answers, Class<F> type) {
        if (place.host() == null) {
            return new Reply.Unplaced<>();
        }
        UUID question = hosts.get(place.host());
        if (question == null) {
            return new Reply.Away<>(place.lastSeen());
        }
        Answer answer = answers.get(question);
        if (answer == null) {
            return new Reply.Silent<>();
        }
        if (type.isInstance(answer.finding())) {
            return new Reply.Found<>(type.cast(answer.finding()));
        }
        return new Reply.Refused<>(
                answer.problem() != null
                        ? answer.problem()
                        : new Problem(
                                ProblemCode.INTERNAL, "The VM's host answered something else than was asked.", null));
    }

    private static void requireNoTransaction() {
        if (TransactionSynchronizationManager.isActualTransactionActive()) {
            throw new IllegalStateException("A host cannot be asked from within a transaction");
        }
    }
}
