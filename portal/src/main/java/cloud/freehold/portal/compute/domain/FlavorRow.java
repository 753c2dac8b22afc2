package cloud.freehold.portal.compute.domain;

import java.util.UUID;

record FlavorRow(UUID id, String name, int vcpus, long memoryMib, int diskGib) {}
