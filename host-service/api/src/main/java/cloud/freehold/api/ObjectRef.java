package cloud.freehold.api;

import java.util.UUID;

public record ObjectRef(ObjectKind kind, UUID id) {}
