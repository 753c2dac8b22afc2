package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.observed.HostReport;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.live.LiveTopic;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What a host says of its VMs. */
@Component
class ObservedVms {

    private final JdbcClient system;
    private final JsonMapper json;

    ObservedVms(@SystemAccess JdbcClient system, JsonMapper json) {
        this.system = system;
        this.json = json;
    }

    void store(UUID hostId, HostReport report, OffsetDateTime now, HostReports.Changes changes) {
        if (report.vms() == null || report.vms().isEmpty()) {
            return;
        }
        changes.add(
                system.sql("""
                                with r as (
                                    select distinct on (v.id) v.id, v.tenant_id, r.state, r.instance, r."startedAt" as started_at,
                                           r.guest, r.problem, r.volumes
                                    from jsonb_to_recordset(:vms::jsonb) as r (id uuid, state text, instance text,
                                         "startedAt" timestamptz, guest jsonb, problem jsonb, volumes jsonb)
                                    join vm v on v.id = r.id and v.host_id = :host where r.state is not null),
                                changed as (
                                    select r.tenant_id from r left join vm_status s on s.vm_id = r.id
                                    where (r.state, r.instance, r.guest, r.problem, r.volumes)
                                          is distinct from (s.state, s.instance, s.guest, s.problem, s.volumes)),
                                stored as (
                                    insert into vm_status (vm_id, tenant_id, state, instance, started_at, guest, problem,
                                                           volumes, reported_at)
                                    select id, tenant_id, state, instance, started_at, guest, problem, volumes, :now::timestamptz
                                    from r order by id
                                    on conflict (vm_id) do update set state = excluded.state, instance = excluded.instance,
                                        started_at = excluded.started_at, guest = excluded.guest,
                                        problem = excluded.problem, volumes = excluded.volumes,
                                        reported_at = excluded.reported_at)
                                select distinct tenant_id from changed
                                """)
                        .param("vms", HostReports.array(json, report.vms()))
                        .param("host", hostId)
                        .param("now", now)
                        .query(UUID.class)
                        .list(),
                LiveTopic.VMS);
    }
}
