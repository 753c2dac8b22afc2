package cloud.freehold.portal.compute;

/** A volume that a restore fills; {@code index} 0 is the boot volume. */
public record RestoredDisk(String name, int index, long sizeBytes) {}
