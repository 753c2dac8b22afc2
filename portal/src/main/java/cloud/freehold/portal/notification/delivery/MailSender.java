package cloud.freehold.portal.notification.delivery;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.mail.MailException;
import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.mail.javamail.MimeMessageHelper;
import org.springframework.stereotype.Component;

/** Writes e-mails: plain text, one member each. Needs {@code spring.mail.host}. */
@Component
class MailSender {

    private final ObjectProvider<JavaMailSender> mail;
    private final PublicPages pages;
    private final String from;

    MailSender(
            ObjectProvider<JavaMailSender> mail,
            PublicPages pages,
            @Value("${freehold.notification.mail-from:freehold@localhost}") String from) {
        this.mail = mail;
        this.pages = pages;
        this.from = from;
    }

    Outcome send(Letter letter) {
        JavaMailSender sender = mail.getIfAvailable();
        if (sender == null) {
            return Outcome.hopeless("The provider has set up no mail server, so no e-mail can be sent.");
        }
        try {
            MimeMessage message = sender.createMimeMessage();
            MimeMessageHelper helper = new MimeMessageHelper(message, false, StandardCharsets.UTF_8.name());
            helper.setFrom(from, "Freehold");
            helper.setTo(Objects.requireNonNull(letter.email()));
            helper.setSubject("[" + letter.tenantName() + "] " + oneLine(letter.title()));
            helper.setText(text(letter));
            message.setHeader("Message-ID", "<" + letter.id() + "@freehold>");
            message.setHeader("Auto-Submitted", "auto-generated");
            sender.send(message);
            return Outcome.delivered(null, null);
        } catch (MailException | MessagingException | java.io.UnsupportedEncodingException e) {
            return Outcome.failed(null, "The mail server did not take it.", null);
        }
    }

    private String text(Letter letter) {
        String url = pages.url(letter.path());
        return letter.title() + "\n\n" + letter.message() + "\n\n" + (url == null ? "" : url + "\n\n")
                + "-- \nFreehold, tenant "
                + letter.tenantName()
                + ". You get this because somebody of the tenant chose you under Settings, Notifications.\n";
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\p{Cntrl}", " ");
    }
}
