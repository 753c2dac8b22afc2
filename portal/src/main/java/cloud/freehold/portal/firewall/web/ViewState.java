package cloud.freehold.portal.firewall.web;

import cloud.freehold.portal.firewall.domain.Direction;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * What a group's page shows of a long rule set; stands in the address.
 *
 * @param q filter; every word occurs in the rule
 * @param in page of the ingress table, from 1
 * @param out page of the egress table, from 1
 * @param inSort order of the ingress table; null for the rules' own
 * @param outSort order of the egress table
 * @param nics page of the table of NICs, from 1
 */
record ViewState(
        String q,
        int in,
        int out,
        @Nullable SortOrder inSort,
        @Nullable SortOrder outSort,
        int nics) {

    private static final int LAST_PAGE = 999_999;

    /** As it stands in an address. A page that is none is the first, likewise a column: a cut-off address is no error. */
    static ViewState of(Place place) {
        return new ViewState(
                place.q() == null ? "" : place.q().strip(),
                page(place.in()),
                page(place.out()),
                SortOrder.of(place.inSort()),
                SortOrder.of(place.outSort()),
                page(place.nics()));
    }

    private static int page(@Nullable String text) {
        return text != null && text.matches("[1-9][0-9]{0,5}") ? Integer.parseInt(text) : 1;
    }

    int page(Direction direction) {
        return direction == Direction.INGRESS ? in : out;
    }

    @Nullable
    SortOrder sort(Direction direction) {
        return direction == Direction.INGRESS ? inSort : outSort;
    }

    /** The query part of an address, with {@code ?}; empty for the plain page. */
    public String query() {
        return with(null, null);
    }

    /** The same with one parameter set, or set to something else; it comes last, so that more can be put behind it. */
    public String with(@Nullable String name, @Nullable String value) {
        Map<String, String> parameters = new LinkedHashMap<>();
        put(parameters, "q", q, "");
        put(parameters, "in", String.valueOf(in), "1");
        put(parameters, "out", String.valueOf(out), "1");
        put(parameters, "inSort", inSort == null ? "" : inSort.toString(), "");
        put(parameters, "outSort", outSort == null ? "" : outSort.toString(), "");
        put(parameters, "nics", String.valueOf(nics), "1");
        if (name != null) {
            parameters.remove(name);
            parameters.put(name, value == null ? "" : value);
        }
        UriComponentsBuilder uri = UriComponentsBuilder.newInstance();
        parameters.keySet().forEach(key -> uri.queryParam(key, "{" + key + "}"));
        return uri.encode().buildAndExpand(parameters).toUriString();
    }

    private static void put(Map<String, String> parameters, String name, String value, String usual) {
        if (!value.equals(usual)) {
            parameters.put(name, value);
        }
    }

    /** Where a rule that is added stands, unless the table is sorted; the page is found when the table is made. */
    ViewState atEnd(Direction direction) {
        return sort(direction) != null
                ? this
                : direction == Direction.INGRESS ? showing(LAST_PAGE, out) : showing(in, LAST_PAGE);
    }

    /** Whether the number of a page is still to be found, see {@link #atEnd}. */
    boolean isAtEnd() {
        return in == LAST_PAGE || out == LAST_PAGE;
    }

    /** With the pages that there really are. */
    ViewState showing(int ingressPage, int egressPage) {
        return new ViewState(q, ingressPage, egressPage, inSort, outSort, nics);
    }

    /** Another order begins with its first page. */
    ViewState sorted(Direction direction, @Nullable SortOrder order) {
        return direction == Direction.INGRESS
                ? new ViewState(q, 1, out, order, outSort, nics)
                : new ViewState(q, in, 1, inSort, order, nics);
    }
}
