package cloud.freehold.portal.backup.web;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Whether pages offer restore drills: only where the hosts can carry them out. */
@Component
class DrillOffer {

    private final boolean offered;

    DrillOffer(@Value("${freehold.backup.drills:true}") boolean offered) {
        this.offered = offered;
    }

    public boolean isOffered() {
        return offered;
    }
}
