package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.AskedQuestion;
import cloud.freehold.api.query.AskedQuestions;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.hostlink.domain.QuestionDesk;
import cloud.freehold.portal.hostlink.domain.WaitingQuestions;
import jakarta.annotation.PreDestroy;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;

/** Hands questions to the host that waits for them, and takes its answers. */
@RestController
class QuestionController {

    private static final int MOST_SECONDS = 30;

    private final QuestionDesk desk;
    private final WaitingQuestions waiting;
    private final ExecutorService readers = Executors.newFixedThreadPool(2, work -> {
        Thread thread = new Thread(work, "questions");
        thread.setDaemon(true);
        return thread;
    });

    QuestionController(QuestionDesk desk, WaitingQuestions waiting) {
        this.desk = desk;
        this.waiting = waiting;
    }

    @GetMapping(AgentPaths.QUESTIONS)
    DeferredResult<ResponseEntity<AskedQuestions>> questions(
            @AuthenticationPrincipal HostPrincipal host, @RequestParam(defaultValue = "0") int wait) {
        long millis = Math.max(0, Math.min(MOST_SECONDS, wait)) * 1000L;
        DeferredResult<ResponseEntity<AskedQuestions>> result = new DeferredResult<>(
                Math.max(1, millis), ResponseEntity.noContent().build());
        Runnable wake = () -> wake(host.id(), result);
        waiting.register(host.id(), wake);
        result.onCompletion(() -> waiting.unregister(host.id(), wake));
        deliver(host.id(), result);
        if (millis == 0) {
            // A time-out would come up to a second later.
            result.setResult(ResponseEntity.noContent().build());
        }
        return result;
    }

    private void wake(UUID host, DeferredResult<ResponseEntity<AskedQuestions>> result) {
        try {
            readers.execute(() -> deliver(host, result));
        } catch (RejectedExecutionException shuttingDown) {
            // The host asks again, elsewhere.
        }
    }

    private void deliver(UUID host, DeferredResult<ResponseEntity<AskedQuestions>> result) {
        if (result.isSetOrExpired()) {
            return;
        }
        List<AskedQuestion> questions = desk.take(host);
        if (!questions.isEmpty() && !result.setResult(ResponseEntity.ok(new AskedQuestions(questions)))) {
            desk.giveBack(host, questions);
        }
    }

    @PostMapping(AgentPaths.QUESTIONS + "/{id}")
    ResponseEntity<Void> answered(
            @AuthenticationPrincipal HostPrincipal host,
            @PathVariable String id,
            @RequestBody Answer answer,
            HttpServletRequest request) {
        return desk.answer(host, Ids.parse(id), answer, request.getRemoteAddr())
                ? ResponseEntity.noContent().build()
                : ResponseEntity.status(HttpStatus.GONE).build();
    }

    @PreDestroy
    void close() {
        readers.shutdownNow();
    }
}
