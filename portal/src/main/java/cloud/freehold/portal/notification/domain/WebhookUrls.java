package cloud.freehold.portal.notification.domain;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.notification.delivery.PublicTargets;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.springframework.stereotype.Component;

/** What a webhook's address may look like; whether it is public is checked at each connection. */
@Component
class WebhookUrls {

    private static final int LONGEST = 500;

    private final PublicTargets targets;

    WebhookUrls(PublicTargets targets) {
        this.targets = targets;
    }

    String check(String text) {
        String url = text.strip();
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw wrong("Write a whole address, for example https://hooks.example.com/freehold.");
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (url.length() > LONGEST || uri.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
            throw wrong("Write a whole address, for example https://hooks.example.com/freehold.");
        }
        if (scheme.equals("http") && !targets.allowPrivate()) {
            throw wrong("Use https, so that nobody on the way reads along.");
        }
        if (uri.getUserInfo() != null || uri.getFragment() != null) {
            throw wrong("Leave out the name, password and fragment; the signature proves who sends.");
        }
        if (!targets.mayName(uri.getHost())) {
            throw wrong("This address is not public. Webhooks go to public addresses alone.");
        }
        return uri.toASCIIString();
    }

    private static InvalidInputException wrong(String message) {
        return InvalidInputException.field("channel.url", "url", message);
    }
}
