package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.FetchedFile;
import cloud.freehold.portal.backup.PointFiles;
import cloud.freehold.portal.backup.PointId;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.operation.OperationId;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;

/** Files out of a guest under names out of a guest: for saving, never for showing. */
final class SavedAs {

    private static final int LONGEST = 200;

    private SavedAs() {}

    /** One that was brought, to its end. */
    static void send(
            PointFiles files, TenantId tenant, PointId point, OperationId operation, HttpServletResponse response)
            throws IOException {
        FetchedFile file = files.download(tenant, point, operation);
        announce(file, response);
        files.write(tenant, file, response.getOutputStream());
    }

    private static void announce(FetchedFile file, HttpServletResponse response) {
        response.setContentType(MediaType.APPLICATION_OCTET_STREAM_VALUE);
        response.setContentLengthLong(file.bytes());
        response.setHeader(HttpHeaders.CONTENT_DISPOSITION, disposition(file.fileName()));
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    /** The value of {@code Content-Disposition}; the name cannot leave its quotes, look like another one, or be hidden. */
    private static String disposition(String name) {
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
