package cloud.freehold.agent.backup;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;

/**
 * A disk that can be read or written over NBD.
 *
 * @param uri nbd+unix:///NAME?socket=PATH
 * @param bitmap what has changed since the last point; null: unknown
 */
record Exported(String uri, long sizeBytes, String bitmap) {

    static Exported at(Path socket, String name, long sizeBytes, String bitmap) {
        return new Exported(uri(socket, name), sizeBytes, bitmap);
    }

    static String uri(Path socket, String name) {
        try {
            return "nbd+unix:///" + name + "?socket=" + new URI(null, null, socket.toString(), null).getRawPath();
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("no socket of this host: " + socket, e);
        }
    }
}
