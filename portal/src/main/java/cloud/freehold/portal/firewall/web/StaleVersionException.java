package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.common.FreeholdException;

/** {@code If-Match} names a version that is not the present one, or is missing. */
final class StaleVersionException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    private final int status;

    private StaleVersionException(int status, String code, String message) {
        super(code, message);
        this.status = status;
    }

    static StaleVersionException stale(String message) {
        return new StaleVersionException(412, "ruleset.stale", message);
    }

    static StaleVersionException missing() {
        return new StaleVersionException(
                428,
                "precondition.missing",
                "Send If-Match with the ETag of the version that you read, so that nobody's change is overwritten.");
    }

    @Override
    public int status() {
        return status;
    }

    @Override
    public String title() {
        return status == 412 ? "Somebody was faster" : "Which version do you mean?";
    }
}
