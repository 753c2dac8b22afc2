package cloud.freehold.testing;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Requests to a portal's agent interface with some identity, also wrong ones. */
public final class HostClient {
    private static final Duration TIMEOUT = Duration.ofSeconds(45);

    private final URI portal;
    private final HttpClient http;
    private final AtomicLong bytesReceived = new AtomicLong();

    public HostClient(URI portal, HostIdentity identity) {
        this.portal = portal;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .sslContext(identity.sslContext())
                .build();
    }

    public HttpResponse<String> get(String path) throws IOException {
        return send(HttpRequest.newBuilder(portal.resolve(path)).GET());
    }

    public HttpResponse<String> post(String path, Object body) throws IOException {
        return send(HttpRequest.newBuilder(portal.resolve(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Wire.JSON.writeValueAsString(body))));
    }

    /** Sends the bytes as they come, with their length unknown. */
    public HttpResponse<String> put(String path, InputStream body) throws IOException {
        return send(HttpRequest.newBuilder(portal.resolve(path))
                .header("Content-Type", "application/octet-stream")
                .PUT(HttpRequest.BodyPublishers.ofInputStream(() -> body)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
        try {
            var response = http.send(
                    request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            bytesReceived.addAndGet(response.body().getBytes(StandardCharsets.UTF_8).length);
            return response;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Bytes of all answers' bodies so far. */
    public long bytesReceived() {
        return bytesReceived.get();
    }

    static <T> T expect(HttpResponse<String> response, int status, Class<T> type) {
        if (response.statusCode() != status) {
            throw new Refused(response.statusCode(), response.body());
        }
        return Wire.JSON.readValue(response.body(), type);
    }

    /** The portal did not answer as expected. */
    public static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final int status;

        Refused(int status, String body) {
            super("the portal answered " + status + ": " + body);
            this.status = status;
        }

        public int status() {
            return status;
        }
    }
}
