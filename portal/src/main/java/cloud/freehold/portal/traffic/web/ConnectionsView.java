package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.traffic.domain.ConnectionPage;
import cloud.freehold.portal.traffic.domain.ConnectionSort;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * The connections of one NIC as a page shows them.
 *
 * @param base the page's address without its query
 * @param nics all NICs of the VM
 * @param q what is searched for
 * @param error what is wrong with it; null when nothing is
 * @param page null when there is none; then {@code trouble} says why
 */
record ConnectionsView(
        String base,
        List<TrafficNic> nics,
        TrafficNic nic,
        String q,
        @Nullable String error,
        ConnectionSort sort,
        @Nullable String after,
        @Nullable ConnectionPage page,
        @Nullable String trouble) {

    /** This very view. */
    public String here() {
        return address(sort.word(), after);
    }

    public String sorted(String column) {
        return address(sort.toggled(column), null);
    }

    public String next() {
        return address(sort.word(), page == null ? null : page.next());
    }

    public String first() {
        return address(sort.word(), null);
    }

    private String address(String order, @Nullable String cursor) {
        UriComponentsBuilder address = UriComponentsBuilder.fromPath(base).queryParam("nic", nic.id());
        if (!q.isEmpty()) {
            address.queryParam("q", "{q}");
        }
        if (!order.equals("age")) {
            address.queryParam("sort", order);
        }
        if (cursor != null) {
            address.queryParam("after", cursor);
        }
        return q.isEmpty()
                ? address.build().toUriString()
                : address.encode().buildAndExpand(q).toUriString();
    }

    /** Share of the quota, in percent. */
    public long used() {
        return page == null ? 0 : Math.min(100, page.live() * 100 / Math.max(1, nic.connectionQuota()));
    }

    public boolean isNearlyFull() {
        return used() >= 80;
    }
}
