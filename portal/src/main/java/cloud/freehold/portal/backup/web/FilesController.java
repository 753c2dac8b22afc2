package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Backups;
import cloud.freehold.portal.backup.FilePath;
import cloud.freehold.portal.backup.FilePlace;
import cloud.freehold.portal.backup.PointFiles;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.common.FreeholdException;
import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.IdempotencyKey;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.operation.OperationId;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.UUID;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;
import org.springframework.web.util.UriComponentsBuilder;

/** Looking into a point: folder after folder, and downloads. */
@Controller
@RequestMapping("/t/{tenantSlug}/backups/points/{pointId}/files")
class FilesController {

    private final Backups backups;
    private final PointFiles files;
    private final FilesOffer offer;

    FilesController(Backups backups, PointFiles files, FilesOffer offer) {
        this.backups = backups;
        this.files = files;
        this.offer = offer;
    }

    @GetMapping
    String folder(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestParam(defaultValue = "") String volume,
            @RequestParam(defaultValue = "/") String path,
            @RequestParam(defaultValue = "name") String sort,
            @RequestParam(defaultValue = "") String down,
            @RequestParam(defaultValue = "") String q,
            @RequestParam(defaultValue = "1") String page,
            HttpServletRequest request,
            Model model) {
        offer.require();
        RecoveryPoint point = backups.point(scope.tenantId(), PointId.of(pointId));
        UUID wanted = volume.isEmpty() ? null : Ids.parse(volume);
        FilePlace place = new FilePlace(point.id(), point.volume(wanted).volumeId(), FilePath.of(path));
        FolderView.Look look = FolderView.Look.of(sort, down, q, page);
        model.addAttribute("point", point);
        model.addAttribute("place", place);
        model.addAttribute("look", look);
        model.addAttribute("base", scope.path("/backups/points/" + point.id() + "/files"));
        // The list's page is the last thing in its address, for links to other pages of it.
        model.addAttribute("pages", address(scope, place, look) + "&page=");
        model.addAttribute("opening", files.opening(scope.tenantId(), place).orElse(null));
        model.addAttribute(
                "folder",
                files.folder(scope.tenantId(), place)
                        .map(found -> FolderView.of(found, place.path(), look))
                        .orElse(null));
        model.addAttribute("fetched", files.fetched(scope.tenantId(), point.id()));
        model.addAttribute("key", IdempotencyKey.forForm());
        return Htmx.of(request).view("backup/files", "backup/_files :: folder");
    }

    @PostMapping("/open")
    @RequiresRole(Role.VIEWER)
    String open(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestParam String volume,
            @RequestParam String path,
            RedirectAttributes redirect) {
        offer.require();
        FilePlace place = place(pointId, volume, path);
        return attempt(scope, place, redirect, () -> files.open(scope.tenantId(), place));
    }

    @PostMapping("/stop")
    @RequiresRole(Role.VIEWER)
    String stop(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestParam String volume,
            @RequestParam String path,
            RedirectAttributes redirect) {
        FilePlace place = place(pointId, volume, path);
        return attempt(scope, place, redirect, () -> files.stopOpening(scope.tenantId(), place.point()));
    }

    /** @param path what is to come; the page goes on showing the folder that holds it */
    @PostMapping("/fetch")
    @RequiresRole(Role.OPERATOR)
    String fetch(
            TenantScope scope,
            @PathVariable String pointId,
            @RequestParam String volume,
            @RequestParam String path,
            @RequestParam(defaultValue = "") String key,
            RedirectAttributes redirect) {
        offer.require();
        FilePlace place = place(pointId, volume, path);
        return attempt(
                scope,
                place.in(place.path().parent()),
                redirect,
                () -> files.fetch(scope.tenantId(), place, IdempotencyKey.ofForm(key)));
    }

    @PostMapping("/fetched/{operationId}/remove")
    @RequiresRole(Role.OPERATOR)
    String remove(
            TenantScope scope,
            @PathVariable String pointId,
            @PathVariable String operationId,
            @RequestParam String volume,
            @RequestParam String path,
            RedirectAttributes redirect) {
        FilePlace place = place(pointId, volume, path);
        return attempt(
                scope,
                place,
                redirect,
                () -> files.discard(scope.tenantId(), place.point(), OperationId.of(operationId)));
    }

    @GetMapping("/fetched/{operationId}")
    @RequiresRole(Role.OPERATOR)
    void download(
            TenantScope scope,
            @PathVariable String pointId,
            @PathVariable String operationId,
            HttpServletResponse response)
            throws IOException {
        SavedAs.send(files, scope.tenantId(), PointId.of(pointId), OperationId.of(operationId), response);
    }

    private static FilePlace place(String point, String volume, String path) {
        return new FilePlace(PointId.of(point), Ids.parse(volume), FilePath.of(path));
    }

    /** A refusal is shown above the folder, where one can go on. */
    private static String attempt(TenantScope scope, FilePlace shown, RedirectAttributes redirect, Runnable work) {
        try {
            work.run();
        } catch (NotFoundException gone) {
            throw gone;
        } catch (FreeholdException refused) {
            redirect.addFlashAttribute("refused", refused.getMessage());
        }
        return "redirect:" + address(scope, shown, FolderView.Look.FIRST);
    }

    private static String address(TenantScope scope, FilePlace place, FolderView.Look look) {
        return UriComponentsBuilder.fromPath(scope.path("/backups/points/" + place.point() + "/files"))
                .queryParam("volume", place.volume())
                .queryParam("path", "{path}")
                .queryParam("sort", look.sort())
                .queryParam("down", look.down())
                .queryParam("q", "{q}")
                .encode()
                .buildAndExpand(place.path().value(), look.query())
                .toUriString();
    }
}
