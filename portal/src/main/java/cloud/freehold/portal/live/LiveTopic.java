package cloud.freehold.portal.live;

import java.util.Locale;

/** What a page may want to look at again. */
public enum LiveTopic {
    VMS,
    NICS,
    NETWORKS,
    OPERATIONS,
    GROUPS,
    HITS,
    BACKUPS,
    DROPS,
    NOTIFICATIONS;

    /** The name of the server-sent event and of the DOM event that htmx makes of it. */
    public String event() {
        return "live-" + name().toLowerCase(Locale.ROOT);
    }
}
