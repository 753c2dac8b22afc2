package cloud.freehold.portal.live.domain;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveEvents;
import cloud.freehold.portal.live.LiveTopic;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** PostgreSQL delivers notifications when the transaction commits, and equal ones of a transaction once. */
@Component
class NotifyingLiveEvents implements LiveEvents {

    private final JdbcClient jdbc;
    private final JdbcClient system;

    NotifyingLiveEvents(JdbcClient jdbc, @SystemAccess JdbcClient system) {
        this.jdbc = jdbc;
        this.system = system;
    }

    @Override
    public void publish(TenantId tenant, LiveTopic... topics) {
        notify(jdbc, tenant, topics);
    }

    @Override
    public void publishAsSystem(TenantId tenant, LiveTopic... topics) {
        notify(system, tenant, topics);
    }

    private static void notify(JdbcClient client, TenantId tenant, LiveTopic... topics) {
        for (LiveTopic topic : topics) {
            client.sql("select pg_notify(:channel, :payload)")
                    .param("channel", LiveMessage.CHANNEL)
                    .param("payload", new LiveMessage(tenant, topic).payload())
                    .query((row, number) -> number)
                    .list();
        }
    }
}
