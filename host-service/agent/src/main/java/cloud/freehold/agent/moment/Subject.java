package cloud.freehold.agent.moment;

import cloud.freehold.agent.libvirt.Monitor;
import java.util.Map;
import java.util.UUID;

/**
 * A VM whose moment is wanted.
 *
 * @param disks that belong to the moment, by alias, and what the tenant calls them
 * @param runs false: it was paused before, and stays so
 */
public record Subject(UUID vm, Monitor monitor, Map<String, String> disks, boolean runs) {}
