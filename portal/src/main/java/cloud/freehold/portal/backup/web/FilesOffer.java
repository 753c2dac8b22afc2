package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.common.NotFoundException;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Whether pages offer to look into points: only where the hosts can do it. */
@Component
class FilesOffer {

    private final boolean offered;

    FilesOffer(@Value("${freehold.backup.files:true}") boolean offered) {
        this.offered = offered;
    }

    public boolean isOffered() {
        return offered;
    }

    void require() {
        if (!offered) {
            throw new NotFoundException(
                    "The provider's hosts cannot look into recovery points yet. Restore the volume to a VM, and look there.");
        }
    }
}
