package cloud.freehold.portal.hostlink;

import cloud.freehold.api.Problem;
import cloud.freehold.api.query.Finding;
import cloud.freehold.portal.common.UnavailableException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What came of a question: a finding, or the reason why there is none. */
public sealed interface Reply<F extends Finding> {

    DateTimeFormatter TIME = DateTimeFormatter.ofPattern("d MMM HH:mm 'UTC'", Locale.ENGLISH);

    /** The host answered. */
    record Found<F extends Finding>(F finding) implements Reply<F> {}

    /** The host was not asked, because nothing is heard of it. */
    record Away<F extends Finding>(@Nullable Instant since) implements Reply<F> {}

    /** The host is there and did not answer in time. */
    record Silent<F extends Finding>() implements Reply<F> {}

    /** The host says why it cannot tell. */
    record Refused<F extends Finding>(Problem problem) implements Reply<F> {}

    /** The VM has no host yet. */
    record Unplaced<F extends Finding>() implements Reply<F> {}

    default Optional<F> found() {
        return this instanceof Found<F> reply ? Optional.of(reply.finding()) : Optional.empty();
    }

    /** Why there is no finding, for the person who asked; empty when there is one. */
    default String trouble() {
        if (this instanceof Away<F> away) {
            return away.since() == null
                    ? "The VM's host has not been heard of yet. What is asked of it waits until it connects."
                    : "The VM's host is away since "
                            + TIME.format(away.since().atOffset(ZoneOffset.UTC))
                            + ", so nobody can look inside. Its VM may well go on running, and the firewall with it.";
        } else if (this instanceof Silent<F>) {
            return "The VM's host did not answer in time. Try again in a few seconds.";
        } else if (this instanceof Refused<F> refused) {
            return refused.problem().message() == null
                    ? "The VM's host could not tell. Try again in a few seconds."
                    : refused.problem().message();
        } else if (this instanceof Unplaced<F>) {
            return "The VM has no host yet, so there is nothing to look at. It gets one as soon as there is room.";
        }
        return "";
    }

    /** @throws UnavailableException with the reason */
    default F orElseThrow() {
        return found().orElseThrow(() -> new UnavailableException("host.no-answer", trouble()));
    }
}
