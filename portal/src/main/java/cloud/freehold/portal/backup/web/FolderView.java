package cloud.freehold.portal.backup.web;

import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import cloud.freehold.portal.backup.FilePath;
import cloud.freehold.portal.backup.Folder;
import cloud.freehold.portal.common.NumberedPage;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * One page of a folder.
 *
 * @param page from 1 on
 * @param total entries that the filter lets pass
 */
record FolderView(List<Line> lines, int page, int pages, int total, boolean truncated, Instant readAt) {

    private static final int SHOWN = 100;
    private static final Comparator<Entry> BY_NAME =
            Comparator.comparing(Entry::name, String.CASE_INSENSITIVE_ORDER).thenComparing(Entry::name);

    /** How the list is looked at, as its address says; what makes no sense there is left out. */
    record Look(String sort, boolean down, String query, int page) {

        static final Look FIRST = new Look("name", false, "", 1);

        static Look of(String sort, String down, String query, String page) {
            String by = sort.equals("size") || sort.equals("time") ? sort : "name";
            return new Look(by, down.equals("true"), query.strip(), NumberedPage.number(page));
        }

        /** For {@code aria-sort}. */
        public String direction(String column) {
            return !sort.equals(column) ? "none" : down ? "descending" : "ascending";
        }

        /** Whether a click on the column turns its order round. */
        public boolean turns(String column) {
            return sort.equals(column) && !down;
        }
    }

    /** @param kind in a word */
    record Line(
            FilePath path,
            String title,
            String kind,
            boolean opens,
            boolean comes,
            boolean folder,
            long size,
            Instant at) {}

    static FolderView of(Folder folder, FilePath at, Look look) {
        List<Entry> passing = folder.entries().stream()
                .filter(entry -> entry.name()
                        .toLowerCase(Locale.ROOT)
                        .contains(look.query().toLowerCase(Locale.ROOT)))
                .sorted(order(look))
                .toList();
        int pages = NumberedPage.pages(passing.size(), SHOWN);
        int page = Math.min(look.page(), pages);
        List<Line> lines = passing.stream()
                .skip((long) (page - 1) * SHOWN)
                .limit(SHOWN)
                .map(entry -> line(at, entry))
                .toList();
        return new FolderView(lines, page, pages, passing.size(), folder.truncated(), folder.readAt());
    }

    /** Folders come first unless sizes or times are what is looked for. */
    private static Comparator<Entry> order(Look look) {
        Comparator<Entry> order = switch (look.sort()) {
            case "size" -> Comparator.comparingLong(Entry::sizeBytes).thenComparing(BY_NAME);
            case "time" -> Comparator.comparingLong(Entry::modifiedSeconds).thenComparing(BY_NAME);
            default -> BY_NAME;
        };
        Comparator<Entry> turned = look.down() ? order.reversed() : order;
        return look.sort().equals("name")
                ? Comparator.<Entry, Boolean>comparing(entry -> entry.kind() != Kind.FOLDER)
                        .thenComparing(turned)
                : turned;
    }

    private static Line line(FilePath at, Entry entry) {
        FilePath path = at.child(entry.name());
        return new Line(
                path,
                path.title(),
                word(path, entry.kind()),
                entry.kind() == Kind.FOLDER || entry.kind() == Kind.LINK,
                entry.kind() != Kind.OTHER,
                entry.kind() == Kind.FOLDER,
                entry.sizeBytes(),
                Instant.ofEpochSecond(entry.modifiedSeconds()));
    }

    private static String word(FilePath path, Kind kind) {
        return switch (kind) {
            case FILE -> "File";
            case FOLDER -> path.isFileSystem() ? "File system" : "Folder";
            case LINK -> "Link";
            case OTHER -> "Device or socket";
        };
    }
}
