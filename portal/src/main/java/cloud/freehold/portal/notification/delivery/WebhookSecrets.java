package cloud.freehold.portal.notification.delivery;

import cloud.freehold.portal.notification.ChannelId;
import cloud.freehold.portal.secrets.Secrets;
import cloud.freehold.portal.secrets.Wrapped;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.stereotype.Component;

/** What proves to a webhook's server that the portal sent it. */
@Component
public class WebhookSecrets {

    private static final String ALGORITHM = "HmacSHA256";
    private static final int BYTES = 32;

    private final Secrets secrets;
    private final SecureRandom random = new SecureRandom();

    WebhookSecrets(Secrets secrets) {
        this.secrets = secrets;
    }

    public String fresh() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return "whsec_" + HexFormat.of().formatHex(bytes);
    }

    public Wrapped wrap(ChannelId channel, String secret) {
        return secrets.wrap(secret.getBytes(StandardCharsets.UTF_8), purpose(channel));
    }

    /** {@code v1=} and the HMAC-SHA256 in hex. */
    String sign(ChannelId channel, Wrapped secret, long timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secrets.unwrap(secret, purpose(channel)), ALGORITHM));
            mac.update((timestamp + ".").getBytes(StandardCharsets.US_ASCII));
            return "v1=" + HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("A webhook could not be signed", e);
        }
    }

    private static String purpose(ChannelId channel) {
        return "webhook " + channel;
    }
}
