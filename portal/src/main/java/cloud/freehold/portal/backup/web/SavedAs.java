package cloud.freehold.portal.backup.web;

import java.nio.charset.StandardCharsets;
import org.springframework.http.ContentDisposition;

/** Names out of a guest, as a browser may save them. */
final class SavedAs {

    private static final int LONGEST = 200;

    private SavedAs() {}

    /** The value of {@code Content-Disposition}; the name cannot leave its quotes, look like another one, or be hidden. */
    static String disposition(String name) {
        return ContentDisposition.attachment()
                .filename(clean(name), StandardCharsets.UTF_8)
                .build()
                .toString();
    }

    static String clean(String name) {
        // Control and format characters (such as those that turn the reading direction), and what file systems do not
        // bear.
        String plain = name.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]", "")
                .replaceAll("[/\\\\:*?\"<>|;%]", "_")
                .replaceFirst("^\\.+", "_")
                .strip();
        String shortened = plain.length() <= LONGEST ? plain : plain.substring(plain.length() - LONGEST);
        return shortened.isEmpty() ? "file" : shortened;
    }
}
