package cloud.freehold.portal.notification;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.notification.Delivery.State;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.mail.javamail.JavaMailSenderImpl;
import org.springframework.test.util.ReflectionTestUtils;
import org.subethamail.smtp.RejectException;
import org.subethamail.smtp.server.SMTPServer;

/** E-mail through real SMTP servers: open, encrypted, refusing, gone. */
@PortalTest
class MailTests {

    private static final String PASSWORD = "changeit";

    @TempDir
    static Path folder;

    private static SSLContext tls;

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

    private final List<byte[]> taken = new CopyOnWriteArrayList<>();
    private volatile boolean refusing;
    private final JavaMailSenderImpl sender = new JavaMailSenderImpl();
    private SMTPServer server;
    private Person anna;
    private ChannelId channel;

    @BeforeAll
    static void aCertificate() throws Exception {
        Path file = folder.resolve("mail.p12");
        Process made = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(made.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream bytes = Files.newInputStream(file)) {
            keys.load(bytes, PASSWORD.toCharArray());
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD.toCharArray());
        tls = SSLContext.getInstance("TLS");
        tls.init(factory.getKeyManagers(), null, null);
    }

    @BeforeEach
    void aChannel() {
        anna = fixtures.owner("acme");
        channel = fixtures.as(anna, () -> channels.addEmail(anna.tenant(), "on call", anna.id(), Set.of()));
        beans().registerSingleton("testMail", sender);
    }

    @AfterEach
    void stop() {
        beans().destroySingleton("testMail");
        if (server != null) {
            server.stop();
        }
        assertThat(context.getBeanProvider(JavaMailSender.class).getIfAvailable())
                .isNull();
    }

    private DefaultListableBeanFactory beans() {
        return (DefaultListableBeanFactory) ((ConfigurableApplicationContext) context).getBeanFactory();
    }

    private void start(SMTPServer.Builder kind) {
        server = kind.bindAddress(InetAddress.getLoopbackAddress())
                .port(0)
                .messageHandler((from, where, to, data) -> {
                    if (refusing) {
                        throw new RejectException(550, "No such user here");
                    }
                    taken.add(data);
                })
                .build();
        server.start();
        sender.setHost("localhost");
        sender.setPort(server.getPortAllocated());
    }

    /** As a provider sets {@code spring.mail.properties}: no letter without encryption. */
    private void requireEncryption() {
        Properties properties = sender.getJavaMailProperties();
        properties.setProperty("mail.smtp.starttls.enable", "true");
        properties.setProperty("mail.smtp.starttls.required", "true");
        properties.setProperty("mail.smtp.ssl.trust", "localhost");
    }

    private Delivery send() {
        fixtures.as(anna, () -> {
            notifications.raise(
                    anna.tenant(),
                    new NewNotification(
                            NotificationKind.BACKUP_FAILED,
                            "The backup of web failed",
                            "The store is full.",
                            "/operations",
                            null));
            return true;
        });
        return deliver();
    }

    private Delivery deliver() {
        ReflectionTestUtils.invokeMethod(context.getBean("postman"), "round");
        return fixtures.as(
                anna,
                () -> channels.deliveries(anna.tenant(), channel, null, 1)
                        .items()
                        .get(0));
    }

    @Test
    void letterSaysWhatHappenedToWhom() throws Exception {
        start(new SMTPServer.Builder());
        assertThat(send().state()).isEqualTo(State.DELIVERED);
        MimeMessage letter =
                new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(taken.get(0)));
        assertThat(letter.getSubject()).isEqualTo("[Acme] The backup of web failed");
        assertThat(letter.getAllRecipients()[0]).hasToString(anna.email());
        assertThat(letter.getContent().toString()).contains("The store is full.");
        assertThat(letter.getHeader("Auto-Submitted")).containsExactly("auto-generated");
    }

    @Test
    void letterGoesEncryptedWhereTheProviderWantsIt() {
        start(new SMTPServer.Builder().enableTLS().requireTLS().startTlsSocketFactory(tls));
        requireEncryption();
        assertThat(send().state()).isEqualTo(State.DELIVERED);
        assertThat(taken).hasSize(1);
    }

    @Test
    void letterStaysBackWhereTheServerDoesNotEncrypt() {
        start(new SMTPServer.Builder());
        requireEncryption();
        Delivery delivery = send();
        assertThat(delivery.state()).isEqualTo(State.WAITING);
        assertThat(delivery.error()).contains("mail server");
        assertThat(taken).isEmpty();
    }

    @Test
    void serverThatRefusesIsAskedAgainLater() {
        start(new SMTPServer.Builder());
        refusing = true;
        assertThat(send().error()).contains("did not take it");
        refusing = false;
        assertThat(deliver().state()).as("not before the pause is over").isEqualTo(State.WAITING);
        clock.advance(Duration.ofSeconds(11));
        Delivery delivery = deliver();
        assertThat(delivery.state()).isEqualTo(State.DELIVERED);
        assertThat(delivery.attempts()).isEqualTo(2);
    }

    @Test
    void serverThatIsGoneIsAFailureThatIsTold() {
        start(new SMTPServer.Builder());
        server.stop();
        Delivery delivery = send();
        assertThat(delivery.state()).isEqualTo(State.WAITING);
        assertThat(delivery.error()).contains("mail server");
    }
}
