package cloud.freehold.portal.backup.hosting;

import cloud.freehold.api.command.CommandResult.FilesListed;
import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What of a host's list makes sense, whatever the guest behind it made it say. */
final class ListedEntries {

    private static final int MOST = 5_000;
    private static final int LONGEST_NAME = 255;
    /** The year 9999. */
    private static final long LATEST = 253_402_300_799L;

    private ListedEntries() {}

    static List<Entry> usable(FilesListed listed) {
        return listed.entries().stream()
                .filter(entry -> entry != null && isName(entry.name()))
                .limit(MOST)
                .map(ListedEntries::cleaned)
                .toList();
    }

    static boolean isTruncated(FilesListed listed) {
        return listed.truncated() || listed.entries().size() > MOST;
    }

    private static boolean isName(String name) {
        return name != null
                && !name.isEmpty()
                && name.length() <= LONGEST_NAME
                && !name.equals(".")
                && !name.equals("..")
                && name.indexOf('/') < 0;
    }

    private static Entry cleaned(Entry entry) {
        // To UTF-8 and back: half a pair of surrogates is nothing that a database takes.
        String name = new String(entry.name().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}", "?");
        return new Entry(
                name,
                entry.kind() == null ? Kind.OTHER : entry.kind(),
                Math.max(0, entry.sizeBytes()),
                Math.max(0, Math.min(LATEST, entry.modifiedSeconds())));
    }
}
