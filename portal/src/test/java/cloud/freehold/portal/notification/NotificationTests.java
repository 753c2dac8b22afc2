package cloud.freehold.portal.notification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.notification.Delivery.State;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.test.web.servlet.MockMvc;

/** The bell, webhooks to a real HTTP server: once, signed, again when it did not work. */
@PortalTest
class NotificationTests {

    private record Received(String event, String delivery, String timestamp, String signature, String body) {}

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Notifications notifications;

    @Autowired
    private Channels channels;

    @Autowired
    private TestingClock clock;

    @Autowired
    private MockMvc mvc;

    private final List<Received> received = new CopyOnWriteArrayList<>();
    private volatile int answer = 204;
    private HttpServer server;
    private Person anna;

    @BeforeEach
    void aServer() throws IOException {
        anna = fixtures.owner("acme");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            received.add(new Received(
                    exchange.getRequestHeaders().getFirst("Freehold-Event"),
                    exchange.getRequestHeaders().getFirst("Freehold-Delivery"),
                    exchange.getRequestHeaders().getFirst("Freehold-Timestamp"),
                    exchange.getRequestHeaders().getFirst("Freehold-Signature"),
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
            if (answer == 302) {
                exchange.getResponseHeaders().set("Location", "/elsewhere");
            }
            byte[] said = "said".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer, answer == 204 ? -1 : said.length);
            if (answer != 204) {
                exchange.getResponseBody().write(said);
            }
            exchange.close();
        });
        server.start();
        allowPrivate(true);
    }

    @AfterEach
    void stop() {
        server.stop(0);
        allowPrivate(false);
    }

    private void allowPrivate(boolean allow) {
        ReflectionTestUtils.setField(context.getBean("publicTargets"), "allowPrivate", allow);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
    }

    private void deliverNow() {
        ReflectionTestUtils.invokeMethod(context.getBean("postman"), "round");
    }

    private void raise(String once) {
        fixtures.as(anna, () -> {
            notifications.raise(
                    anna.tenant(),
                    new NewNotification(
                            NotificationKind.BACKUP_FAILED,
                            "The backup of web failed",
                            "The store is full.",
                            "/operations",
                            once));
            return true;
        });
    }

    private List<Delivery> deliveries(ChannelId channel) {
        return fixtures.as(
                anna,
                () -> channels.deliveries(anna.tenant(), channel, null, 50).items());
    }

    private Channels.Added webhook(NotificationKind... kinds) {
        return fixtures.as(anna, () -> channels.addWebhook(anna.tenant(), "hook", url(), Set.of(kinds)));
    }

    @Test
    void webhookIsSignedSoThatItsServerCanTell() throws Exception {
        Channels.Added hook = webhook();
        raise(null);
        deliverNow();
        Received one = received.get(0);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(hook.secret().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String expected = HexFormat.of()
                .formatHex(mac.doFinal((one.timestamp() + "." + one.body()).getBytes(StandardCharsets.UTF_8)));
        assertThat(one.signature()).isEqualTo("v1=" + expected);
        assertThat(one.event()).isEqualTo("backup.failed");
        assertThat(one.body()).contains("\"tenant\":\"acme\"").contains("The store is full.");
        assertThat(deliveries(hook.id())).singleElement().satisfies(delivery -> {
            assertThat(delivery.state()).isEqualTo(State.DELIVERED);
            assertThat(delivery.statusCode()).isEqualTo(204);
            assertThat(delivery.id().toString()).isEqualTo(one.delivery());
        });
    }

    /** As a stream of events does. All jobs of the portal would wait for its end. */
    @Test
    void anAnswerWithoutEndIsNotWaitedFor() {
        server.removeContext("/");
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream body = exchange.getResponseBody()) {
                for (int piece = 0; piece < 3_000; piece++) {
                    body.write(new byte[100]);
                    body.flush();
                    Thread.sleep(20);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Channels.Added hook = webhook();
        raise(null);
        assertTimeoutPreemptively(Duration.ofSeconds(30), this::deliverNow);
        assertThat(deliveries(hook.id()))
                .singleElement()
                .matches(delivery -> delivery.state() == State.DELIVERED && delivery.statusCode() == 200);
    }

    @Test
    void failureIsTriedAgainWithPausesUnderTheSameId() {
        Channels.Added hook = webhook();
        answer = 500;
        raise(null);
        deliverNow();
        deliverNow();
        assertThat(received).as("not before the pause is over").hasSize(1);
        clock.advance(Duration.ofSeconds(11));
        answer = 200;
        deliverNow();
        assertThat(received)
                .extracting(Received::delivery)
                .hasSize(2)
                .containsOnly(received.get(0).delivery());
        assertThat(deliveries(hook.id()))
                .singleElement()
                .matches(delivery -> delivery.state() == State.DELIVERED && delivery.attempts() == 2);
    }

    @Test
    void deadServerIsGivenUpAfterADayAndCanBeAskedAgain() {
        Channels.Added hook = webhook();
        answer = 503;
        raise(null);
        for (int attempt = 0; attempt < 12; attempt++) {
            deliverNow();
            clock.advance(Duration.ofHours(13));
        }
        Delivery failed = deliveries(hook.id()).get(0);
        assertThat(failed.state()).isEqualTo(State.FAILED);
        assertThat(failed.error()).contains("503");
        assertThat(failed.answer()).isEqualTo("said");
        assertThat(received).hasSize(failed.attempts()).hasSize(8);

        answer = 200;
        fixtures.as(anna, () -> channels.redeliver(anna.tenant(), hook.id(), failed.id()));
        deliverNow();
        assertThat(deliveries(hook.id())).extracting(Delivery::state).containsExactly(State.DELIVERED, State.FAILED);
    }

    @Test
    void redirectIsNotFollowed() {
        Channels.Added hook = webhook();
        answer = 302;
        raise(null);
        deliverNow();
        assertThat(received).hasSize(1);
        assertThat(deliveries(hook.id()))
                .singleElement()
                .matches(delivery -> delivery.statusCode() == 302 && delivery.state() == State.WAITING);
    }

    @Test
    void innerAddressIsRefusedWhenAddedAndWhenConnectedTo() {
        Channels.Added hook = webhook();
        allowPrivate(false);
        raise(null);
        deliverNow();
        assertThat(received).isEmpty();
        assertThat(deliveries(hook.id()))
                .singleElement()
                .satisfies(delivery -> assertThat(delivery.error()).contains("no public address"));
        for (String inner : List.of(
                url(),
                "https://localhost/",
                "https://169.254.169.254/",
                "ftp://example.com/",
                "https://u:p@example.com/",
                "nonsense",
                "https://[::1]/")) {
            assertThatThrownBy(() -> fixtures.as(anna, () -> channels.addWebhook(anna.tenant(), "x", inner, Set.of())))
                    .as(inner)
                    .isInstanceOf(InvalidInputException.class);
        }
    }

    @Test
    void channelTellsOnlyWhatItIsThereForAndTheSameThingOnce() {
        Channels.Added hook = webhook(NotificationKind.DRILL_FAILED);
        raise("once");
        raise("once");
        deliverNow();
        assertThat(received).isEmpty();
        assertThat(fixtures.<Integer>as(anna, () -> notifications.unread(anna.tenant(), anna.id())))
                .isEqualTo(1);
        fixtures.as(anna, () -> {
            channels.change(anna.tenant(), hook.id(), "hook", true, Set.of(), null);
            return true;
        });
        raise("twice");
        deliverNow();
        assertThat(received).hasSize(1);
    }

    @Test
    void withoutAMailServerItSaysSoAtOnceAndStrangersGetNothing() {
        ChannelId id = fixtures.as(anna, () -> channels.addEmail(anna.tenant(), "on call", anna.id(), Set.of()));
        raise(null);
        deliverNow();
        assertThat(deliveries(id))
                .singleElement()
                .matches(delivery -> delivery.state() == State.FAILED && delivery.attempts() == 1);
        Person gina = fixtures.owner("globex");
        assertThatThrownBy(() ->
                        fixtures.as(anna, () -> channels.addEmail(anna.tenant(), "stranger", gina.id(), Set.of())))
                .isInstanceOf(InvalidInputException.class);
    }

    @Test
    void portalThatDiesWhileSendingLeavesItToTheNext() {
        Channels.Added hook = webhook();
        raise(null);
        ReflectionTestUtils.invokeMethod(context.getBean("deliveries"), "lease", 8);
        deliverNow();
        assertThat(received).isEmpty();
        clock.advance(Duration.ofMinutes(3));
        deliverNow();
        assertThat(received).hasSize(1);
        assertThat(deliveries(hook.id())).singleElement().matches(delivery -> delivery.state() == State.DELIVERED);
    }

    @Test
    void bellCountsWhatOneHasNotRead() throws Exception {
        Person vera = fixtures.viewer("acme");
        raise(null);
        raise(null);
        assertThat(page(anna, "/t/acme/notifications"))
                .contains("Notifications, 2 new")
                .contains("The store is full.");
        mvc.perform(post("/t/acme/notifications/read").with(vera.signedIn())).andExpect(status().is3xxRedirection());
        assertThat(page(vera, "/t/acme/notifications/bell")).contains("none new");
        assertThat(page(anna, "/t/acme/notifications/bell")).contains("2 new");
        raise(null);
        assertThat(page(vera, "/t/acme/notifications/bell")).contains("1 new");
    }

    private String page(Person who, String path) throws Exception {
        return mvc.perform(get(path).with(who.signedIn()))
                .andExpect(status().isOk())
                .andReturn()
                .getResponse()
                .getContentAsString();
    }

    @Test
    void settingsPagesShowChannelsAndDeliveries() throws Exception {
        assertThat(page(anna, "/t/acme/settings/notifications")).contains("Tell somebody by e-mail");
        page(anna, "/t/acme/settings/notifications/new?type=WEBHOOK");
        page(anna, "/t/acme/settings/notifications/new?type=EMAIL");
        String where = mvc.perform(post("/t/acme/settings/notifications")
                        .with(anna.signedIn())
                        .param("type", "WEBHOOK")
                        .param("name", "hook")
                        .param("url", url()))
                .andExpect(status().is3xxRedirection())
                .andReturn()
                .getResponse()
                .getRedirectedUrl();
        mvc.perform(post(where + "/test").with(anna.signedIn())).andExpect(status().is3xxRedirection());
        deliverNow();
        assertThat(page(anna, where))
                .contains("Test of the channel hook")
                .contains("delivered")
                .contains("204");
        assertThat(page(anna, "/t/acme/settings/notifications")).contains("hook");
        mvc.perform(post("/t/acme/settings/notifications")
                        .with(anna.signedIn())
                        .param("type", "WEBHOOK")
                        .param("name", "")
                        .param("url", "x"))
                .andExpect(status().is(422));
    }

    @Test
    void anotherTenantFindsNothing() {
        Channels.Added hook = webhook();
        raise(null);
        Person gina = fixtures.owner("globex");
        assertThat(fixtures.as(
                        gina,
                        () -> notifications
                                .page(gina.tenant(), gina.id(), null, 10)
                                .items()))
                .isEmpty();
        assertThatThrownBy(() -> fixtures.as(gina, () -> channels.get(gina.tenant(), hook.id())))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> fixtures.as(gina, () -> channels.test(gina.tenant(), hook.id())))
                .isInstanceOf(NotFoundException.class);
    }
}
