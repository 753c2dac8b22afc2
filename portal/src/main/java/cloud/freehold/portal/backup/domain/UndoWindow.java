package cloud.freehold.portal.backup.domain;

import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** How long the data of a removed point is kept for somebody who wants it back. */
@Component
public class UndoWindow {

    private final Duration length;

    UndoWindow(@Value("${freehold.backup.undo-window:24h}") Duration length) {
        this.length = length;
    }

    public Duration length() {
        return length;
    }
}
