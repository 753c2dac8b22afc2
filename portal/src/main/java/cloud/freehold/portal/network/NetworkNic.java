package cloud.freehold.portal.network;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A NIC as its network's page shows it.
 *
 * @param index its place in the VM: eth0 and so on
 * @param link what its host last said: UP, CONNECTED or DOWN; null: nothing
 */
public record NetworkNic(
        UUID id,
        UUID vmId,
        String vm,
        int index,
        String mac,
        List<String> addresses,
        @Nullable String link,
        boolean portSecurity) {

    public String name() {
        return vm + "/eth" + index;
    }
}
