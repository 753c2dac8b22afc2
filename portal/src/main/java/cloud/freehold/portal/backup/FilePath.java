package cloud.freehold.portal.backup;

import cloud.freehold.portal.common.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A place on a volume of a recovery point. The top, {@code /}, has a folder for each file system that was found: {@code /disk},
 * {@code /partition-1}.
 *
 * @param value begins with a slash, does not end with one (but for the top), names no {@code .} or {@code ..}; at most 4,096 bytes
 */
public record FilePath(String value) {

    private static final int LONGEST = 4_096;

    public static final FilePath TOP = new FilePath("/");

    public static FilePath of(String text) {
        List<String> names = new ArrayList<>();
        for (String name : text.split("/", -1)) {
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        String path = "/" + String.join("/", names);
        if (names.contains(".")
                || names.contains("..")
                || path.chars().anyMatch(Character::isISOControl)
                || path.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
            throw InvalidInputException.field(
                    "files.path",
                    "path",
                    "That is no path of a file. Start from the top and open folder after folder.");
        }
        return new FilePath(path);
    }

    public boolean isTop() {
        return value.equals("/");
    }

    /** Whether it is one of the file systems. */
    public boolean isFileSystem() {
        return !isTop() && parent().isTop();
    }

    /** Empty for the top. */
    public String name() {
        return value.substring(value.lastIndexOf('/') + 1);
    }

    /** The top is its own. */
    public FilePath parent() {
        int slash = value.lastIndexOf('/');
        return slash <= 0 ? TOP : new FilePath(value.substring(0, slash));
    }

    /** @param name as a host has listed it */
    public FilePath child(String name) {
        return new FilePath((isTop() ? "" : value) + "/" + name);
    }

    /** From the file system down to this; empty for the top. */
    public List<FilePath> steps() {
        List<FilePath> steps = new ArrayList<>();
        for (FilePath at = this; !at.isTop(); at = at.parent()) {
            steps.add(at);
        }
        Collections.reverse(steps);
        return steps;
    }

    /** As people call it: {@code Partition 1} for a file system, else its name. */
    public String title() {
        if (!isFileSystem()) {
            return name();
        }
        return name().equals("disk") ? "Whole disk" : name().replaceFirst("^partition-", "Partition ");
    }

    @Override
    public String toString() {
        return value;
    }
}
