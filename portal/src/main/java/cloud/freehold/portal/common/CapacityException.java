package cloud.freehold.portal.common;

/** A quota, a rate limit or the capacity of the hosts is used up. */
public final class CapacityException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    public CapacityException(String code, String message) {
        super(code, message);
    }

    @Override
    public int status() {
        return 429;
    }

    @Override
    public String title() {
        return "A limit is reached";
    }
}
