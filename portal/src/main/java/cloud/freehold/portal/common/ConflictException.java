package cloud.freehold.portal.common;

/** The state no longer allows what was asked: a stale version, a duplicate, a running operation. */
public final class ConflictException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    public ConflictException(String code, String message) {
        super(code, message);
    }

    @Override
    public int status() {
        return 409;
    }

    @Override
    public String title() {
        return "Somebody was faster";
    }
}
