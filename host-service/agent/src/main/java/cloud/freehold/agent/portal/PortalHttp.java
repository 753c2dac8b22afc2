package cloud.freehold.agent.portal;

import cloud.freehold.agent.common.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** Requests to one portal with one identity; each with a deadline, connections are kept alive. */
final class PortalHttp {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final int SAID_AT_MOST = 300;

    private final URI portal;
    private final HttpClient http;

    PortalHttp(URI portal, SSLContext tls) {
        this.portal = portal;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT)
                .sslContext(tls)
                .build();
    }

    HttpResponse<byte[]> get(String path, Duration deadline) throws PortalException {
        return checked(send(HttpRequest.newBuilder(portal.resolve(path)).GET().timeout(deadline), path));
    }

    HttpResponse<byte[]> post(String path, Object body, Duration deadline) throws PortalException {
        var bytes = Json.MAPPER.writeValueAsBytes(body);
        return checked(send(
                HttpRequest.newBuilder(portal.resolve(path))
                        .header("Content-Type", "application/json")
                        .timeout(deadline)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(bytes)),
                path));
    }

    /** Sends as it reads: nothing is kept. The deadline is for all of it. */
    void put(String path, InputStream body, Duration deadline) throws PortalException {
        checked(send(
                HttpRequest.newBuilder(portal.resolve(path))
                        .header("Content-Type", "application/octet-stream")
                        .timeout(deadline)
                        .PUT(HttpRequest.BodyPublishers.ofInputStream(() -> body)),
                path));
    }

    /** Appends what lies behind {@code from} to the file. */
    void download(String path, long from, Path file, Duration deadline) throws PortalException {
        var request = HttpRequest.newBuilder(portal.resolve(path)).GET().timeout(deadline);
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        HttpResponse<Path> answer = send(
                request,
                path,
                info -> info.statusCode() == (from > 0 ? 206 : 200)
                        ? HttpResponse.BodySubscribers.ofFile(
                                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)
                        : HttpResponse.BodySubscribers.replacing(file));
        if (answer.statusCode() != (from > 0 ? 206 : 200)) {
            throw new PortalException(
                    answer.statusCode(), "the portal answered " + answer.statusCode() + " to " + path);
        }
    }

    private HttpResponse<byte[]> send(HttpRequest.Builder request, String path) throws PortalException {
        return send(request, path, BodyHandlers.ofByteArray());
    }

    private <T> HttpResponse<T> send(HttpRequest.Builder request, String path, HttpResponse.BodyHandler<T> handler)
            throws PortalException {
        try {
            return http.send(request.build(), handler);
        } catch (SSLException e) {
            throw new PortalException("no trusted connection to " + portal + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new PortalException(
                    "no answer from " + portal + path.replaceFirst("\\?.*", "") + ": " + reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PortalException("interrupted", e);
        }
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static HttpResponse<byte[]> checked(HttpResponse<byte[]> answer) throws PortalException {
        int status = answer.statusCode();
        if (status == 200 || status == 204) {
            return answer;
        }
        var said = new String(answer.body(), StandardCharsets.UTF_8);
        throw new PortalException(
                status,
                "the portal answered " + status + ": " + said.substring(0, Math.min(said.length(), SAID_AT_MOST)));
    }
}
