package cloud.freehold.portal.notification.delivery;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Posts to webhooks: no redirects, no cookies, short deadlines, and only to addresses that {@link PublicTargets} lets pass. */
@Component
class WebhookSender implements DisposableBean {

    private static final Timeout CONNECT = Timeout.ofSeconds(5);
    private static final Timeout ANSWER = Timeout.ofSeconds(10);
    /** Of the whole exchange: one who sends a byte now and then answers in time each time. */
    private static final Duration WHOLE = Duration.ofSeconds(20);

    private static final int SHOWN = 1_000;

    private final WebhookSecrets secrets;
    private final PublicPages pages;
    private final JsonMapper json;
    private final Clock clock;
    private final CloseableHttpClient client;
    private final ScheduledExecutorService deadlines = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "webhook-deadlines");
        thread.setDaemon(true);
        return thread;
    });

    WebhookSender(PublicTargets targets, WebhookSecrets secrets, PublicPages pages, JsonMapper json, Clock clock) {
        this.secrets = secrets;
        this.pages = pages;
        this.json = json;
        this.clock = clock;
        this.client = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setDnsResolver(guarded(targets))
                        .setMaxConnTotal(16)
                        .setMaxConnPerRoute(2)
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(CONNECT)
                                .setSocketTimeout(ANSWER)
                                // A connection kept for later would go round the look at the name's addresses.
                                .setTimeToLive(Timeout.ofMilliseconds(1))
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setResponseTimeout(ANSWER)
                        .setConnectionRequestTimeout(CONNECT)
                        .build())
                .setUserAgent("Freehold-Webhook/1")
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAutomaticRetries()
                .disableContentCompression()
                .build();
    }

    private static DnsResolver guarded(PublicTargets targets) {
        return new DnsResolver() {
            @Override
            public InetAddress[] resolve(String host) throws UnknownHostException {
                return targets.resolve(host);
            }

            @Override
            public String resolveCanonicalHostname(String host) throws UnknownHostException {
                return SystemDefaultDnsResolver.INSTANCE.resolveCanonicalHostname(host);
            }
        };
    }

    Outcome send(Letter letter) {
        byte[] body = json.writeValueAsBytes(body(letter));
        long timestamp = clock.instant().getEpochSecond();
        HttpPost post = new HttpPost(URI.create(Objects.requireNonNull(letter.url())));
        post.setHeader("Freehold-Event", letter.kind().code());
        post.setHeader("Freehold-Delivery", letter.id().toString());
        post.setHeader("Freehold-Timestamp", Long.toString(timestamp));
        post.setHeader(
                "Freehold-Signature",
                secrets.sign(letter.channel(), Objects.requireNonNull(letter.secret()), timestamp, body));
        post.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
        AtomicReference<Outcome> known = new AtomicReference<>();
        Future<?> deadline = deadlines.schedule(post::cancel, WHOLE.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return client.execute(post, response -> {
                known.set(outcome(response.getCode(), null));
                Outcome outcome = outcome(response.getCode(), beginning(response.getEntity()));
                known.set(outcome);
                post.cancel(); // else the client reads what is left, and somebody may answer without end
                return outcome;
            });
        } catch (UnknownHostException e) {
            return Outcome.failed(null, "The name leads to no public address.", null);
        } catch (IOException e) {
            Outcome outcome = known.get();
            return outcome != null
                    ? outcome
                    : Outcome.failed(
                            null, "The server could not be reached or did not answer within 10 seconds.", null);
        } finally {
            deadline.cancel(false);
        }
    }

    private static Outcome outcome(int code, @Nullable String said) {
        return code >= 200 && code < 300
                ? Outcome.delivered(code, said)
                : Outcome.failed(code, "The server answered " + code + ". It must answer 2xx.", said);
    }

    private Map<String, Object> body(Letter letter) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("id", letter.id().toString());
        body.put("event", letter.kind().code());
        body.put("tone", letter.kind().tone().name());
        body.put("tenant", letter.tenantSlug());
        body.put("at", letter.at().toString());
        body.put("title", letter.title());
        body.put("message", letter.message());
        String url = pages.url(letter.path());
        if (url != null) {
            body.put("url", url);
        }
        return body;
    }

    /** A little of it is enough to see what is wrong. Not closed: that would read the rest. */
    private static @Nullable String beginning(@Nullable HttpEntity entity) throws IOException {
        if (entity == null) {
            return null;
        }
        String text = new String(entity.getContent().readNBytes(SHOWN), StandardCharsets.UTF_8);
        return text.replaceAll("[^\\P{Cntrl}\\n\\t]", "\uFFFD").replace("\u0000", "");
    }

    @Override
    public void destroy() throws IOException {
        deadlines.shutdownNow();
        client.close();
    }
}
