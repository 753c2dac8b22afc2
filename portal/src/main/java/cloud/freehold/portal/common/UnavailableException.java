package cloud.freehold.portal.common;

/** Something the portal depends on is away for the moment; trying again later is right. */
public final class UnavailableException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    public UnavailableException(String code, String message) {
        super(code, message);
    }

    @Override
    public int status() {
        return 503;
    }

    @Override
    public String title() {
        return "Not available right now";
    }
}
