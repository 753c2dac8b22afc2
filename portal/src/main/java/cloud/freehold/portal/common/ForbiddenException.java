package cloud.freehold.portal.common;

/** The user is known and may see the thing, but may not do this with it. */
public final class ForbiddenException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    public ForbiddenException(String code, String message) {
        super(code, message);
    }

    @Override
    public int status() {
        return 403;
    }

    @Override
    public String title() {
        return "Your role does not allow this";
    }
}
