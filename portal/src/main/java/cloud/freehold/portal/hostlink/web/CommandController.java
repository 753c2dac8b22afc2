package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.portal.audit.ProviderAudit;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.operation.HostOperations;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** How a host gets on with its commands. */
@RestController
class CommandController {

    /** Bytes that are taken at a time. */
    private static final int PART = 1 << 20;

    private final HostOperations operations;
    private final TransactionTemplate transaction;
    private final ProviderAudit audit;

    CommandController(HostOperations operations, @SystemAccess TransactionTemplate transaction, ProviderAudit audit) {
        this.operations = operations;
        this.transaction = transaction;
        this.audit = audit;
    }

    @PostMapping(AgentPaths.COMMANDS + "/{id}")
    ResponseEntity<Void> progressed(
            @AuthenticationPrincipal HostPrincipal host,
            @PathVariable String id,
            @RequestBody CommandProgress progress,
            HttpServletRequest request) {
        if (progress.status() == null) {
            throw InvalidInputException.field("command.status", "status", "Say RUNNING, DONE or FAILED.");
        }
        UUID command = Ids.parse(id);
        HostOperations.Answer answer = Objects.requireNonNull(
                transaction.execute(status -> operations.progressed(host.id(), command, progress)));
        return switch (answer) {
            case TAKEN -> ResponseEntity.noContent().build();
            case GONE -> ResponseEntity.status(HttpStatus.GONE).build();
            case UNKNOWN -> throw foreign(host, command, request);
        };
    }

    /** Secrets: to the host that carries the command out, while it does, and to no cache on the way. */
    @GetMapping(AgentPaths.COMMANDS + "/{id}/input")
    ResponseEntity<CommandInput> input(
            @AuthenticationPrincipal HostPrincipal host, @PathVariable String id, HttpServletRequest request) {
        UUID command = Ids.parse(id);
        HostOperations.Handed handed =
                Objects.requireNonNull(transaction.execute(status -> operations.input(host.id(), command)));
        return switch (handed.answer()) {
            case GONE -> ResponseEntity.status(HttpStatus.GONE).build();
            case UNKNOWN -> throw foreign(host, command, request);
            case TAKEN -> {
                if (handed.input() == null) {
                    throw new NotFoundException("This command needs no input. Carry it out as it was given.");
                }
                yield ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(handed.input());
            }
        };
    }

    /** As it comes, part by part: it may be larger than memory. Not a part of it is kept unless the command is open and the host's own. */
    @PutMapping(AgentPaths.COMMANDS + "/{id}/output")
    ResponseEntity<Void> output(
            @AuthenticationPrincipal HostPrincipal host, @PathVariable String id, HttpServletRequest request) {
        UUID command = Ids.parse(id);
        boolean last = false;
        for (int number = 0; !last; number++) {
            int part = number;
            byte[] bytes = part(request);
            boolean ends = bytes.length < PART;
            HostOperations.Answer answer = Objects.requireNonNull(
                    transaction.execute(status -> operations.brought(host.id(), command, part, bytes, ends)));
            switch (answer) {
                case GONE -> {
                    return ResponseEntity.status(HttpStatus.GONE).build();
                }
                case UNKNOWN -> throw foreign(host, command, request);
                case TAKEN -> last = ends;
            }
        }
        return ResponseEntity.noContent().build();
    }

    /** Shorter than {@link #PART} at the end alone. */
    private static byte[] part(HttpServletRequest request) {
        try {
            return request.getInputStream().readNBytes(PART);
        } catch (IOException brokenOff) {
            throw new InvalidInputException(
                    "command.output-broken-off", "The output ended in its middle. Report that the command failed.");
        }
    }

    private NotFoundException foreign(HostPrincipal host, UUID command, HttpServletRequest request) {
        audit.record(
                "host.foreign-command",
                "host",
                host.name(),
                Map.of("command", command.toString()),
                request.getRemoteAddr());
        return new NotFoundException("This host has no such command. Ask for the desired state again.");
    }
}
