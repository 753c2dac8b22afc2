package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.Consequence;
import cloud.freehold.portal.firewall.domain.RuleFile;
import java.util.List;

/**
 * An import before it is taken over: errors by line, or what it would change.
 *
 * @param replace whether rules that the file does not have are removed
 */
record ImportView(
        String text,
        boolean replace,
        List<RuleFile.LineError> errors,
        List<DiffLine> diff,
        List<Consequence> consequences,
        boolean checked) {

    private static final int SHOWN = 200;

    static ImportView blank() {
        return new ImportView("", false, List.of(), List.of(), List.of(), false);
    }

    public boolean isReady() {
        return checked && errors.isEmpty() && !diff.isEmpty();
    }

    public boolean isUnchanged() {
        return checked && errors.isEmpty() && diff.isEmpty();
    }

    public List<RuleFile.LineError> firstErrors() {
        return errors.subList(0, Math.min(SHOWN, errors.size()));
    }

    public List<DiffLine> firstLines() {
        return diff.subList(0, Math.min(SHOWN, diff.size()));
    }

    public int more() {
        return Math.max(0, Math.max(errors.size(), diff.size()) - SHOWN);
    }
}
