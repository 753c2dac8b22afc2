package cloud.freehold.portal.traffic.domain;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What became of a connection, in the word for it that one can also search for. */
public enum FlowEnd {
    /** Its ends closed or reset it. */
    CLOSED("closed", "Its ends closed it", true),
    /** Nothing came for as long as its state allows. */
    IDLE("idle", "Nothing came for too long", true),
    /** It lasted at least five minutes and went on when this was written. */
    OPEN("open", "It went on at that time", true),
    /** A change of the rules ended it. */
    CUT("cut", "The rules had changed and no longer allowed it", false),
    /** Somebody ended it, or its NIC went. */
    STOPPED("stopped", "Somebody ended it, or its NIC was taken away", true),
    /** The NIC had as many connections as it may have. */
    EVICTED("evicted", "It gave way: the NIC had as many connections as it may have", true);

    private final String word;
    private final String sentence;
    private final boolean allowed;

    FlowEnd(String word, String sentence, boolean allowed) {
        this.word = word;
        this.sentence = sentence;
        this.allowed = allowed;
    }

    public String word() {
        return word;
    }

    public String sentence() {
        return sentence;
    }

    /** Whether the rules let it live to its end. */
    public boolean isAllowed() {
        return allowed;
    }

    static Optional<FlowEnd> of(String word) {
        String plain = word.toLowerCase(Locale.ROOT);
        return Arrays.stream(values()).filter(end -> end.word.equals(plain)).findFirst();
    }

    /** As it is stored. */
    static FlowEnd stored(String ending, boolean revoked) {
        return switch (ending) {
            case "ENDED" -> CLOSED;
            case "ACTIVE" -> OPEN;
            case "FORCED" -> revoked ? CUT : STOPPED;
            case "RESOURCES" -> EVICTED;
            default -> IDLE;
        };
    }

    String ending() {
        return switch (this) {
            case CLOSED -> "ENDED";
            case OPEN -> "ACTIVE";
            case CUT, STOPPED -> "FORCED";
            case EVICTED -> "RESOURCES";
            case IDLE -> "IDLE";
        };
    }
}
