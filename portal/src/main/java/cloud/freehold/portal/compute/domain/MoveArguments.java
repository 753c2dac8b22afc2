package cloud.freehold.portal.compute.domain;

import java.util.UUID;

/** What is kept of a move beside the VM that it is of. */
record MoveArguments(UUID volumeId, String volume, String pool) {}
