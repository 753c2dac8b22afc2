package cloud.freehold.portal.backup.hosting;

import cloud.freehold.portal.backup.domain.MachineRecord;
import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** VMs as they are, to be kept beside their points. */
@Component
class Machines {

    private final JdbcClient system;

    Machines(@SystemAccess JdbcClient system) {
        this.system = system;
    }

    Optional<MachineRecord> describe(TenantId tenant, UUID vm) {
        List<MachineRecord.Nic> nics = system.sql("""
                        select n.network_id, array(select s.group_id from nic_security_group s where s.nic_id = n.id
                                                   order by s.position, s.group_id) as groups
                        from nic n where n.tenant_id = :tenant and n.vm_id = :vm order by n.device_index
                        """)
                .param("tenant", tenant.value())
                .param("vm", vm)
                .query((row, number) ->
                        new MachineRecord.Nic(row.getObject("network_id", UUID.class), Arrays.asList((UUID[])
                                row.getArray("groups").getArray())))
                .list();
        return system.sql("""
                        select v.*, array(select label from vm_label l where l.vm_id = v.id order by label) as labels
                        from vm v where v.tenant_id = :tenant and v.id = :vm
                        """)
                .param("tenant", tenant.value())
                .param("vm", vm)
                .query((row, number) -> machine(row, nics))
                .optional();
    }

    private static MachineRecord machine(ResultSet row, List<MachineRecord.Nic> nics) throws SQLException {
        return new MachineRecord(
                row.getString("name"),
                row.getString("description"),
                row.getObject("image_id", UUID.class),
                row.getObject("flavor_id", UUID.class),
                row.getInt("vcpus"),
                row.getLong("memory_mib"),
                nics,
                Arrays.asList((String[]) row.getArray("labels").getArray()));
    }
}
