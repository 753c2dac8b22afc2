package cloud.freehold.portal.common;

import org.jspecify.annotations.Nullable;

/** Somebody changed the thing since the client last looked. */
public final class StaleVersionException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    private final long expected;
    private final long actual;

    /** @param what for example {@code VM} */
    private StaleVersionException(String what, long expected, long actual) {
        super(
                what.toLowerCase(java.util.Locale.ROOT).replace(' ', '-') + ".changed",
                "The " + what + " changed since you looked: you named version " + expected + ", it has version "
                        + actual + ". Look again and decide anew.");
        this.expected = expected;
        this.actual = actual;
    }

    /**
     * @param expected the version that the client has seen; null: it takes whatever there is
     * @throws StaleVersionException when there is another one by now
     */
    public static void check(String what, @Nullable Long expected, long actual) {
        if (expected != null && expected != actual) {
            throw new StaleVersionException(what, expected, actual);
        }
    }

    public long expected() {
        return expected;
    }

    public long actual() {
        return actual;
    }

    @Override
    public int status() {
        return 412;
    }

    @Override
    public String title() {
        return "Somebody was faster";
    }
}
