package cloud.freehold.portal.hostlink.web;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.hostlink.HostPrincipal;
import cloud.freehold.portal.hostlink.domain.ImageFiles;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Image files for the hosts that have a VM made from them. */
@RestController
class ImageFileController {

    private final ImageFiles files;

    ImageFileController(ImageFiles files) {
        this.files = files;
    }

    /** Spring answers Range requests for a resource by itself. */
    @GetMapping(AgentPaths.IMAGE_FILES + "/{sha256}")
    ResponseEntity<Resource> file(@AuthenticationPrincipal HostPrincipal host, @PathVariable String sha256) {
        return files.find(host.id(), sha256)
                .map(path -> ResponseEntity.ok()
                        .contentType(MediaType.APPLICATION_OCTET_STREAM)
                        .eTag("\"" + sha256 + "\"")
                        .<Resource>body(new FileSystemResource(path)))
                .orElseThrow(() -> new NotFoundException(
                        "No VM of this host is made from such a file, or the file is missing in the portal's image"
                                + " folder."));
    }
}
