package cloud.freehold.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Whether the portal answers. */
final class Portal {

    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private static final Duration START = Duration.ofSeconds(90);

    private Portal() {}

    static void awaitReady() {
        Await.until("the portal is ready", START, () -> status("/readyz") == 200);
    }

    private static int status(String path) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(Instance.url() + path))
                .timeout(Duration.ofSeconds(3))
                .build();
        return HTTP.send(request, BodyHandlers.discarding()).statusCode();
    }
}
