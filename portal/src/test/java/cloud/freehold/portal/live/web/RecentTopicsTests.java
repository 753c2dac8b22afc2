package cloud.freehold.portal.live.web;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.live.LiveTopic;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RecentTopicsTests {

    private static final Instant MADE = Instant.parse("2026-11-26T09:00:00Z");
    private static final TenantId ACME = new TenantId(UUID.randomUUID());
    private static final TenantId GLOBEX = new TenantId(UUID.randomUUID());

    private final RecentTopics recent = new RecentTopics();

    @Test
    void whatHappenedAfterAPageWasMadeIsWhatItMissed() {
        recent.note(ACME, LiveTopic.VMS, MADE.minusMillis(1));
        recent.note(ACME, LiveTopic.BACKUPS, MADE.plusMillis(1));
        recent.note(GLOBEX, LiveTopic.NICS, MADE.plusMillis(2));
        assertThat(recent.since(ACME, MADE)).containsExactly(LiveTopic.BACKUPS);
        assertThat(recent.since(new TenantId(UUID.randomUUID()), MADE)).isEmpty();
    }

    @Test
    void theLatestTimeOfATopicCounts() {
        recent.note(ACME, LiveTopic.VMS, MADE.minusSeconds(5));
        recent.note(ACME, LiveTopic.VMS, MADE);
        assertThat(recent.since(ACME, MADE)).containsExactly(LiveTopic.VMS);
    }

    @Test
    void tenantsThatAreQuietAreForgotten() {
        recent.note(ACME, LiveTopic.VMS, MADE);
        recent.forget(MADE.plus(RecentTopics.KEPT));
        assertThat(recent.since(ACME, MADE)).isNotEmpty();
        recent.forget(MADE.plus(RecentTopics.KEPT).plusMillis(1));
        assertThat(recent.since(ACME, MADE)).isEmpty();
    }
}
