package cloud.freehold.agent.dataplane;

import cloud.freehold.api.ObjectRef;
import java.util.Optional;

/** The dataplane could not do it. */
abstract sealed class DataplaneException extends Exception {
    private static final long serialVersionUID = 1L;

    private DataplaneException(String message) {
        super(message);
    }

    /** No answer, or a connection that broke: open another one and look what is there. */
    static final class Unavailable extends DataplaneException {
        private static final long serialVersionUID = 1L;

        Unavailable(String message) {
            super(message);
        }
    }

    /** Nothing of the transaction was applied. */
    static final class Refused extends DataplaneException {
        private static final long serialVersionUID = 1L;

        private final transient ObjectRef culprit;
        private final boolean stale;

        Refused(ObjectRef culprit, boolean stale, String message) {
            super(message);
            this.culprit = culprit;
            this.stale = stale;
        }

        /** The object that it was refused for, if the dataplane named one. */
        Optional<ObjectRef> culprit() {
            return Optional.ofNullable(culprit);
        }

        /** Only because a member change starts from another generation than the dataplane's. */
        boolean stale() {
            return stale;
        }
    }
}
