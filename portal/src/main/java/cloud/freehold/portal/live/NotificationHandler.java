package cloud.freehold.portal.live;

/** A bean that hears PostgreSQL's notifications of one channel. Called on the listener's thread: hand work on, do not wait. */
public interface NotificationHandler {

    String channel();

    void notified(String payload);

    /** The connection is new, so notifications may have been missed: look again at everything. */
    void reconnected();
}
