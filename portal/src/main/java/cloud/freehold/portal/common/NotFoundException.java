package cloud.freehold.portal.common;

/** There is no such thing, or it belongs to another tenant: the two must not be told apart. */
public final class NotFoundException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    public NotFoundException(String message) {
        super("not-found", message);
    }

    @Override
    public int status() {
        return 404;
    }

    @Override
    public String title() {
        return "Not found";
    }
}
