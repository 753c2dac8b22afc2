package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.common.InvalidInputException;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/** What attaches policies to VMs. */
final class Labels {

    static final int MOST = 20;

    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9._/=-]{0,61}[a-z0-9])?");

    private Labels() {}

    /** In order, each once. */
    static List<String> check(Collection<String> labels) {
        List<String> sorted =
                labels.stream().map(String::strip).distinct().sorted().toList();
        if (sorted.size() > MOST
                || !sorted.stream().allMatch(label -> LABEL.matcher(label).matches())) {
            throw InvalidInputException.field(
                    "backup.labels",
                    "labels",
                    "Up to " + MOST + " labels of lower-case letters, digits and . _ - / = , for example production or"
                            + " env=test.");
        }
        return sorted;
    }
}
