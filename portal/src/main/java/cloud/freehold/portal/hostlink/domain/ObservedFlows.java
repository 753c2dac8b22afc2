package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.FlowRecord;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.FlowLog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Stores each flow record of a host once, however often it is sent; those of NICs that are not on the host are passed over.
 * The last record of a connection takes the place of those from while it went on.
 */
@Component
public class ObservedFlows {

    private static final int MOST_OF_A_BATCH = 1_000;
    private static final Duration CLOCKS_MAY_DIFFER = Duration.ofHours(12);
    private static final long MOST_COUNTED = 1L << 53;

    private final JdbcClient system;
    private final TransactionTemplate transaction;
    private final JsonMapper json;
    private final Clock clock;

    ObservedFlows(
            @SystemAccess JdbcClient system,
            @SystemAccess TransactionTemplate transaction,
            JsonMapper json,
            Clock clock) {
        this.system = system;
        this.transaction = transaction;
        this.json = json;
        this.clock = clock;
    }

    /** @throws InvalidInputException the batch is larger than any that an agent sends */
    public void store(UUID hostId, FlowBatch batch) {
        List<FlowRecord> all = batch.records() == null ? List.of() : batch.records();
        if (all.size() > MOST_OF_A_BATCH) {
            throw InvalidInputException.field(
                    "flows.batch", "records", "Send at most " + MOST_OF_A_BATCH + " flow records at once.");
        }
        transaction.executeWithoutResult(status -> {
            long before = lock(hostId, batch.epoch());
            Instant now = clock.instant();
            List<FlowRecord> news = all.stream()
                    .filter(record -> record != null && record.sequence() > before)
                    .toList();
            List<FlowRecord> whole =
                    news.stream().filter(record -> isWhole(record, now)).toList();
            if (!whole.isEmpty()) {
                insert(hostId, batch.epoch(), whole);
                replaceEarlier(hostId, batch.epoch(), before);
            }
            long last = news.stream().mapToLong(FlowRecord::sequence).max().orElse(before);
            system.sql("update flow_stream set sequence = :last, lost = :lost where host_id = :host")
                    .param("last", last)
                    .param("lost", Math.max(0, batch.lost()))
                    .param("host", hostId)
                    .update();
        });
    }

    /** @return the last sequence of the epoch that is stored */
    private long lock(UUID hostId, long epoch) {
        return system.sql("""
                        insert into flow_stream as s (host_id, epoch, sequence, lost) values (:host, :epoch, 0, 0)
                        on conflict (host_id) do update set epoch = excluded.epoch,
                            sequence = case when s.epoch = excluded.epoch then s.sequence else 0 end
                        returning sequence
                        """)
                .param("host", hostId)
                .param("epoch", epoch)
                .query(Long.class)
                .single();
    }

    private void insert(UUID hostId, long epoch, List<FlowRecord> records) {
        system.sql("""
                        insert into flow_record (host_id, epoch, sequence, tenant_id, nic_id, ingress, ending, revoked, protocol,
                                                 remote, remote_port, local, local_port, public_address, public_port, state, rule_id,
                                                 received_packets, received_bytes, sent_packets, sent_bytes, first_at, last_at)
                        select :host, :epoch, r.sequence, n.tenant_id, n.id, r.ingress, r."end", r.revoked, r.protocol,
                               case when r.ingress then r.source else r.destination end,
                               case when r.ingress then r."sourcePort" else r."destinationPort" end,
                               case when r.ingress then r.destination else r.source end,
                               case when r.ingress then r."destinationPort" else r."sourcePort" end,
                               r."publicAddress", r."publicPort", r.state, r."ruleId",
                               case when r.ingress then r."packetsForth" else r."packetsBack" end,
                               case when r.ingress then r."bytesForth" else r."bytesBack" end,
                               case when r.ingress then r."packetsBack" else r."packetsForth" end,
                               case when r.ingress then r."bytesBack" else r."bytesForth" end,
                               r.first, r.last
                        from jsonb_to_recordset(:records::jsonb) as r (sequence bigint, "nicId" uuid, ingress boolean, "end" text,
                             revoked boolean, protocol smallint, source inet, "sourcePort" integer, destination inet,
                             "destinationPort" integer, "publicAddress" inet, "publicPort" integer, state text, "ruleId" uuid,
                             "packetsForth" bigint, "bytesForth" bigint, "packetsBack" bigint, "bytesBack" bigint,
                             first timestamptz, last timestamptz)
                        join nic n on n.id = r."nicId" join vm v on v.id = n.vm_id and v.host_id = :host
                        on conflict (host_id, epoch, sequence) do nothing
                        """)
                .param("host", hostId)
                .param("epoch", epoch)
                .param("records", json.writeValueAsString(records))
                .update();
    }

    /** A host's clock may be set between two records of a connection: its beginning is the same to two seconds. */
    private void replaceEarlier(UUID hostId, long epoch, long before) {
        system.sql("""
                        delete from flow_record o using flow_record n
                        where n.host_id = :host and n.epoch = :epoch and n.sequence > :before
                          and o.ending = 'ACTIVE' and o.nic_id = n.nic_id and o.local_port = n.local_port
                          and o.remote_port = n.remote_port and o.protocol = n.protocol and o.local = n.local
                          and o.remote = n.remote and o.ingress = n.ingress
                          and o.host_id = n.host_id and o.epoch = n.epoch and o.sequence < n.sequence
                          and o.first_at between n.first_at - interval '2 seconds' and n.first_at + interval '2 seconds'
                        """)
                .param("host", hostId)
                .param("epoch", epoch)
                .param("before", before)
                .update();
    }

    private static boolean isWhole(FlowRecord record, Instant now) {
        return record.nicId() != null
                && record.end() != null
                && record.protocol() >= 0
                && record.protocol() <= 255
                && isAddress(record.source())
                && isAddress(record.destination())
                && isPort(record.sourcePort())
                && isPort(record.destinationPort())
                && (record.publicAddress() == null || isAddress(record.publicAddress()))
                && (record.publicPort() == null || isPort(record.publicPort()))
                && record.state() != null
                && record.state().matches("[a-z0-9-]{1,40}")
                && isCount(record.packetsForth())
                && isCount(record.bytesForth())
                && isCount(record.packetsBack())
                && isCount(record.bytesBack())
                && isTime(record, now);
    }

    private static boolean isTime(FlowRecord record, Instant now) {
        return record.first() != null
                && record.last() != null
                && !record.first().isAfter(record.last())
                && record.first().isAfter(now.minus(Duration.ofDays(400)))
                && record.last().isAfter(now.minus(FlowLog.KEPT))
                && record.last().isBefore(now.plus(CLOCKS_MAY_DIFFER));
    }

    private static boolean isAddress(@Nullable String text) {
        return text != null && Addresses.isNumeric(text);
    }

    private static boolean isPort(int port) {
        return port >= 0 && port <= 65_535;
    }

    private static boolean isCount(long count) {
        return count >= 0 && count < MOST_COUNTED;
    }

    @Scheduled(fixedDelayString = "PT5M")
    void forget() {
        OffsetDateTime oldest = clock.instant().minus(FlowLog.KEPT).atOffset(ZoneOffset.UTC);
        system.sql("delete from flow_record where last_at < :oldest")
                .param("oldest", oldest)
                .update();
        system.sql("delete from nic_flow_loss where hour < :oldest - interval '1 hour'")
                .param("oldest", oldest)
                .update();
        system.sql("""
                        delete from flow_record f using (
                            select t.tenant_id, (select x.last_at from flow_record x where x.tenant_id = t.tenant_id
                                                 order by x.last_at desc offset :most limit 1) as oldest
                            from (select distinct tenant_id from flow_record) t) full_tenant
                        where f.tenant_id = full_tenant.tenant_id and f.last_at <= full_tenant.oldest
                        """).param("most", FlowLog.MOST_OF_A_TENANT).update();
    }
}
