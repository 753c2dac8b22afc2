package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.domain.AddressGroup.Entry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Addresses as a text: one a line, {@code 203.0.113.0/24 # the office}; also what firewalls and spreadsheets paste. */
public final class AddressList {

    private AddressList() {}

    /** Entries or errors, never both. */
    public record Reading(List<Entry> entries, List<RuleFile.LineError> errors) {}

    public static Reading read(String text) {
        Map<Cidr, Entry> entries = new LinkedHashMap<>();
        List<RuleFile.LineError> errors = new ArrayList<>();
        String[] lines = text.split("\\R", -1);
        for (int i = 0; i < lines.length; i++) {
            readLine(i + 1, lines[i], entries, errors);
        }
        if (entries.size() > AddressGroup.ENTRY_LIMIT) {
            errors.add(new RuleFile.LineError(
                    0,
                    "entries",
                    "The list has " + entries.size() + " entries; at most " + AddressGroup.ENTRY_LIMIT
                            + " fit into a group. Split it into several groups.",
                    null));
        }
        return errors.isEmpty()
                ? new Reading(List.copyOf(entries.values()), List.of())
                : new Reading(List.of(), errors);
    }

    private static void readLine(int number, String line, Map<Cidr, Entry> entries, List<RuleFile.LineError> errors) {
        int hash = line.indexOf('#');
        String description = hash < 0 ? "" : line.substring(hash + 1).strip();
        String addresses = (hash < 0 ? line : line.substring(0, hash)).strip();
        if (description.length() > AddressGroup.ENTRY_DESCRIPTION_LIMIT
                || description.chars().anyMatch(Character::isISOControl)) {
            errors.add(new RuleFile.LineError(
                    number,
                    "description",
                    "The note after # is longer than " + AddressGroup.ENTRY_DESCRIPTION_LIMIT
                            + " characters or has control characters.",
                    null));
            return;
        }
        for (String address : addresses.split("[,;\\s]+")) {
            if (address.isEmpty()) {
                continue;
            }
            try {
                Cidr cidr = Cidr.parse(address);
                entries.put(cidr, new Entry(cidr, description));
            } catch (UnreadableException e) {
                errors.add(new RuleFile.LineError(number, "prefix", e.sentence(), e.suggestion()));
            }
        }
    }

    public static String write(List<Entry> entries) {
        StringBuilder text = new StringBuilder();
        for (Entry entry : entries) {
            text.append(entry.prefix().display());
            if (!entry.description().isEmpty()) {
                text.append(" # ").append(entry.description());
            }
            text.append('\n');
        }
        return text.toString();
    }
}
