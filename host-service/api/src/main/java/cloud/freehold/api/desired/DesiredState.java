package cloud.freehold.api.desired;

import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.command.HostCommand;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * What should be on a host, or what changed of it.
 *
 * @param epoch what revisions count in; an agent that holds another epoch asks again from 0
 * @param revision everything up to here is contained, together with what the agent already had
 * @param full true: what is not listed is to be removed; false: a delta
 * @param serverTime the portal's clock
 * @param removed objects that are no longer of this host (a VM in it is to be deleted with its disks unless retained)
 * @param commands one-off orders, told again until the agent reports their end
 */
public record DesiredState(
        UUID epoch,
        long revision,
        boolean full,
        Instant serverTime,
        List<DesiredVm> vms,
        List<DesiredNic> nics,
        List<DesiredNetwork> networks,
        List<DesiredRouter> routers,
        List<DesiredSecurityGroup> securityGroups,
        List<DesiredAddressSet> addressSets,
        List<DesiredUplink> uplinks,
        List<DesiredRemoteNic> remoteNics,
        List<ObjectRef> removed,
        List<HostCommand> commands) {}
