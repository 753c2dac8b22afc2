package cloud.freehold.portal.overview.web;

import cloud.freehold.portal.backup.BackupHealth;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.compute.Vms;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationFilter;
import cloud.freehold.portal.operation.OperationFilter.State;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.overview.Board;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;

/** The first page of a tenant. */
@Controller
class OverviewController {

    private static final int RECENT = 6;
    private static final int MOST_OPEN = 100;
    /** Older failures are history, not a call to act. */
    private static final Duration FRESH = Duration.ofHours(12);

    private final Vms vms;
    private final Operations operations;
    private final BackupHealth backups;
    private final Clock clock;

    OverviewController(Vms vms, Operations operations, BackupHealth backups, Clock clock) {
        this.vms = vms;
        this.operations = operations;
        this.backups = backups;
        this.clock = clock;
    }

    @GetMapping({"/t/{tenantSlug}", "/t/{tenantSlug}/"})
    String overview(TenantScope scope, HttpServletRequest request, Model model) {
        Instant fresh = clock.instant().minus(FRESH);
        List<Operation> failed = list(scope, State.FAILED, RECENT).stream()
                .filter(operation -> operation.createdAt().isAfter(fresh))
                .toList();
        model.addAttribute(
                "board",
                new Board(
                        vms.list(scope.tenantId()),
                        vms.nics(scope.tenantId()),
                        operations
                                .page(scope.tenantId(), OperationFilter.latest(RECENT))
                                .items(),
                        list(scope, State.OPEN, MOST_OPEN),
                        failed,
                        vms.quotas(scope.tenantId()),
                        backups.all(scope.tenantId())));
        return Htmx.of(request).view("overview/overview", "overview/_overview :: board");
    }

    private List<Operation> list(TenantScope scope, State state, int limit) {
        return operations
                .page(scope.tenantId(), new OperationFilter(state, null, null, limit))
                .items();
    }
}
