package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.firewall.RuleId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rules as a file, CSV or JSON: both name groups by their names, so that a file fits another tenant, and carry rule ids,
 * so that what comes back to its own group changes rules and does not replace them.
 */
public final class RuleFile {

    public static final int LINE_LIMIT = 20_000;

    private RuleFile() {}

    /** @param line 0: the file as a whole */
    public record LineError(
            int line,
            @Nullable String field,
            String message,
            @Nullable String suggestion) {}

    /** What was understood; with errors, nothing is to be applied. */
    public record Content(List<Parsed> rules, List<LineError> errors) {

        public boolean isValid() {
            return errors.isEmpty();
        }
    }

    /** @param id the rule that the file says it is; null for a new one */
    public record Parsed(int line, @Nullable RuleId id, RuleSpec spec) {}

    public static Content read(String text, RuleReader reader) {
        List<RuleFileLine> lines;
        try {
            String start = text.stripLeading();
            lines = start.startsWith("[") || start.startsWith("{") ? RuleFileJson.read(text) : RuleFileCsv.read(text);
        } catch (UnreadableException e) {
            return new Content(List.of(), List.of(new LineError(0, null, e.sentence(), null)));
        }
        if (lines.isEmpty()) {
            return whole(
                    "There are no rules in this. Paste CSV with a line of column names, or JSON; the export shows both.");
        }
        if (lines.size() > LINE_LIMIT) {
            return whole("This has " + lines.size() + " rules; at most " + LINE_LIMIT + " are read at once.");
        }
        return parsed(lines, reader);
    }

    private static Content whole(String message) {
        return new Content(List.of(), List.of(new LineError(0, null, message, null)));
    }

    private static Content parsed(List<RuleFileLine> lines, RuleReader reader) {
        List<Parsed> rules = new ArrayList<>();
        List<LineError> errors = new ArrayList<>();
        Set<RuleId> seen = new HashSet<>();
        for (RuleFileLine line : lines) {
            RuleReader.Reading reading = reader.read(line.input());
            reading.errors()
                    .forEach(e -> errors.add(new LineError(line.number(), e.field(), e.message(), e.suggestion())));
            RuleId id = line.id() == null || line.id().isBlank() ? null : id(line, errors);
            if (id != null && !seen.add(id)) {
                errors.add(new LineError(
                        line.number(), "id", "Rule " + id + " is listed twice; leave the id of one empty.", null));
            }
            for (RuleSpec spec : reading.specs()) {
                rules.add(new Parsed(line.number(), id, spec));
                id = null;
            }
        }
        return new Content(rules, errors);
    }

    private static @Nullable RuleId id(RuleFileLine line, List<LineError> errors) {
        try {
            return RuleId.of(String.valueOf(line.id()).strip());
        } catch (NotFoundException e) {
            errors.add(new LineError(
                    line.number(),
                    "id",
                    "“" + line.id() + "” is not a rule's id. Leave it empty for a new rule.",
                    null));
            return null;
        }
    }
}
