package cloud.freehold.portal.firewall.web;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * What a group's page shows of a long rule set; stands in the address.
 *
 * @param q filter; every word occurs in the rule
 * @param in page of the ingress table, from 1
 * @param out page of the egress table, from 1
 */
record ViewState(String q, int in, int out) {

    static ViewState of(@Nullable String q, @Nullable String in, @Nullable String out) {
        return new ViewState(q == null ? "" : q.strip(), page(in), page(out));
    }

    /** A number that is none is the first page: an address that was cut off is no error. */
    private static int page(@Nullable String text) {
        return text != null && text.matches("[1-9][0-9]{0,5}") ? Integer.parseInt(text) : 1;
    }

    /** The query part of an address, with {@code ?}; empty for the plain page. */
    public String query() {
        return with(null, null);
    }

    public String with(@Nullable String name, @Nullable String value) {
        UriComponentsBuilder uri = UriComponentsBuilder.newInstance();
        if (!q.isEmpty()) {
            uri.queryParam("q", "{q}");
        }
        if (in > 1) {
            uri.queryParam("in", in);
        }
        if (out > 1) {
            uri.queryParam("out", out);
        }
        if (name != null) {
            uri.queryParam(name, value);
        }
        return uri.encode().buildAndExpand(Map.of("q", q)).toUriString();
    }
}
