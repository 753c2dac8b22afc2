package cloud.freehold.portal.compute.domain;

import cloud.freehold.portal.common.FreeholdException;

/** Somebody changed the VM since the client last looked. */
final class StaleVersionException extends FreeholdException {

    private static final long serialVersionUID = 1L;

    StaleVersionException(long expected, long actual) {
        super(
                "vm.changed",
                "The VM changed since you looked: you named version " + expected + ", it has version " + actual
                        + ". Look again and decide anew.");
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
