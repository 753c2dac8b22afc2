package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.Consequence;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The unapplied changes at the foot of the page.
 *
 * @param stamp names this state of the draft, so that applying applies what was shown
 * @param headline the weightiest consequence, for the bar itself
 * @param blocked why it cannot be applied just now
 */
record ChangeBar(
        String summary,
        String stamp,
        List<Consequence> consequences,
        @Nullable String headline,
        @Nullable String blocked,
        List<DiffLine> diff) {}
