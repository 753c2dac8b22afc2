package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.hostlink.FlowLog;
import cloud.freehold.portal.traffic.domain.FlowPage;
import cloud.freehold.portal.traffic.domain.NicDay;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * The flows of one NIC as a page shows them.
 *
 * @param base the page's address without its query
 * @param nics all NICs of the VM
 * @param q what is searched for
 * @param error what is wrong with it; null when nothing is
 * @param after where the page before ended; null: this is the first one
 * @param page null when something is wrong
 */
record FlowsView(
        String base,
        List<TrafficNic> nics,
        TrafficNic nic,
        NicDay today,
        String q,
        @Nullable String error,
        @Nullable String after,
        @Nullable FlowPage page) {

    /** Flows that are kept of the tenant. */
    public int most() {
        return FlowLog.MOST_OF_A_TENANT;
    }

    public String first() {
        return address(base, null);
    }

    public String next() {
        return address(base, page == null ? null : page.next());
    }

    public String export() {
        return address(base + ".csv", null);
    }

    private String address(String path, @Nullable String cursor) {
        UriComponentsBuilder address = UriComponentsBuilder.fromPath(path).queryParam("nic", nic.id());
        if (!q.isEmpty()) {
            address.queryParam("q", "{q}");
        }
        if (cursor != null) {
            address.queryParam("after", cursor);
        }
        return q.isEmpty()
                ? address.build().toUriString()
                : address.encode().buildAndExpand(q).toUriString();
    }
}
