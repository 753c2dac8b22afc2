package cloud.freehold.portal.operation.domain;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.Transfer;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import cloud.freehold.portal.operation.HostOperations;
import cloud.freehold.portal.operation.HostOrder;
import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationState;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The table of operations, as hosts see and move it: only the rows of the host that asks. */
@Component
class HostSideOperations implements HostOperations {

    private static final Logger log = LoggerFactory.getLogger(HostSideOperations.class);

    private final JdbcClient system;
    private final OrderRows rows;
    private final OrderBook book;
    private final Clock clock;
    private final LiveEvents live;

    HostSideOperations(@SystemAccess JdbcClient system, OrderRows rows, OrderBook book, Clock clock, LiveEvents live) {
        this.system = system;
        this.rows = rows;
        this.book = book;
        this.clock = clock;
        this.live = live;
    }

    @Override
    public List<HostCommand> commands(UUID hostId) {
        return rows.open(hostId).stream()
                .map(order -> book.of(order.kind()).flatMap(feature -> feature.command(order)))
                .flatMap(Optional::stream)
                .toList();
    }

    @Override
    public Set<UUID> untaken(UUID hostId) {
        return rows.untaken(hostId);
    }

    @Override
    public Handed input(UUID hostId, UUID operationId) {
        Optional<OrderRows.Row> row = rows.lock(hostId, operationId);
        if (row.isEmpty()) {
            return new Handed(Answer.UNKNOWN, null);
        }
        HostOrder order = row.get().order();
        if (!row.get().state().isOpen() || !order.deadline().isAfter(clock.instant())) {
            return new Handed(Answer.GONE, null);
        }
        return new Handed(
                Answer.TAKEN,
                book.of(order.kind()).flatMap(feature -> feature.input(order)).orElse(null));
    }

    @Override
    public Answer brought(UUID hostId, UUID operationId, int number, byte[] bytes, boolean last) {
        Optional<OrderRows.Row> row = rows.lock(hostId, operationId);
        if (row.isEmpty()) {
            return Answer.UNKNOWN;
        }
        HostOrder order = row.get().order();
        Optional<HostOrders> feature = book.of(order.kind());
        if (!row.get().state().isOpen() || !order.deadline().isAfter(clock.instant()) || feature.isEmpty()) {
            return Answer.GONE;
        }
        try {
            feature.get().brought(order, number, bytes, last);
            return Answer.TAKEN;
        } catch (HostOrders.RefusedOutputException refused) {
            failed(
                    order,
                    new CommandProgress(Status.FAILED, 0, "", null, clock.instant()),
                    refused.code(),
                    Objects.requireNonNull(refused.getMessage()));
            return Answer.GONE;
        }
    }

    @Override
    public Answer progressed(UUID hostId, UUID operationId, CommandProgress progress) {
        Optional<OrderRows.Row> row = rows.lock(hostId, operationId);
        if (row.isEmpty()) {
            return Answer.UNKNOWN;
        }
        OperationState state = row.get().state();
        if (state == OperationState.CANCELLED || state == OperationState.FAILED) {
            return Answer.GONE;
        }
        if (state.isOpen()) {
            move(row.get().order(), progress);
        }
        return Answer.TAKEN;
    }

    @Override
    public void observed(UUID hostId, UUID operationId, CommandProgress progress) {
        progressed(hostId, operationId, progress);
    }

    private void move(HostOrder order, CommandProgress progress) {
        switch (progress.status()) {
            case RUNNING -> store(order, progress, null, null);
            case DONE -> done(order, progress);
            case FAILED -> {
                Problem problem = progress.problem();
                failed(order, progress, code(problem == null ? null : problem.code()), message(problem));
            }
        }
    }

    private void done(HostOrder order, CommandProgress progress) {
        try {
            Optional<HostOrders> feature = book.of(order.kind());
            if (feature.isPresent()) {
                feature.get().completed(order, progress.result());
            }
            store(order, progress, null, null);
        } catch (HostOrders.UnusableResultException e) {
            log.error("Host {} ended {} {} without what it should bring", order.hostId(), order.kind(), order.id(), e);
            failed(order, progress, code(e.code()), Objects.requireNonNull(e.getMessage()));
        }
    }

    private void failed(HostOrder order, CommandProgress progress, String code, String message) {
        store(order, progress, code, message);
        book.of(order.kind()).ifPresent(feature -> feature.failed(order, code, message));
    }

    private void store(HostOrder order, CommandProgress progress, @Nullable String code, @Nullable String message) {
        Status status = code == null ? progress.status() : Status.FAILED;
        Transfer copied = sane(progress.transfer());
        int changed = system.sql("""
                        update operation set state = :state, percent = greatest(percent, :percent), step = :step,
                               error_code = :code, error_message = :message, heartbeat_at = :now,
                               started_at = coalesce(started_at, :now),
                               finished_at = case when :ended then :now::timestamptz end,
                               bytes_done = coalesce(:done, bytes_done), bytes_total = coalesce(:total, bytes_total),
                               bytes_per_second = coalesce(:rate, bytes_per_second)
                        where id = :id and state in ('QUEUED', 'RUNNING')
                          and (state, percent, step, bytes_done, bytes_per_second)
                              is distinct from (:state, greatest(percent, :percent), :step,
                                  coalesce(:done, bytes_done), coalesce(:rate, bytes_per_second))
                        """)
                .param("state", status.name())
                .param("percent", status == Status.DONE ? 100 : Math.max(0, Math.min(100, progress.percent())))
                .param("step", progress.step() == null ? "" : limited(progress.step(), 200))
                .param("code", code, java.sql.Types.VARCHAR)
                .param("message", message, java.sql.Types.VARCHAR)
                .param("now", now())
                .param("ended", status != Status.RUNNING)
                .param("done", copied == null ? null : copied.bytesDone(), java.sql.Types.BIGINT)
                .param("total", copied == null ? null : copied.bytesTotal(), java.sql.Types.BIGINT)
                .param("rate", copied == null ? null : copied.bytesPerSecond(), java.sql.Types.BIGINT)
                .param("id", order.id().value())
                .update();
        if (changed > 0) {
            TenantId tenant = order.tenant();
            live.publishAsSystem(tenant, LiveTopic.OPERATIONS, LiveTopic.VMS);
        }
    }

    /** Whatever a host says, what is shown makes sense. */
    private static @Nullable Transfer sane(@Nullable Transfer said) {
        if (said == null) {
            return null;
        }
        long total = Math.max(0, said.bytesTotal());
        return new Transfer(Math.max(0, Math.min(total, said.bytesDone())), total, Math.max(0, said.bytesPerSecond()));
    }

    private static String code(@Nullable ProblemCode said) {
        ProblemCode code = said == null ? ProblemCode.INTERNAL : said;
        return "host." + code.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String message(@Nullable Problem problem) {
        return problem == null || problem.message() == null
                ? "The host could not do it and gave no reason. Try again; if it fails again, ask the provider."
                : limited(problem.message(), 500);
    }

    private static String limited(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length);
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
