package cloud.freehold.api.backup;

/**
 * How far a copy is.
 *
 * @param bytesDone of bytesTotal; both are of the volume, not of what is stored
 * @param bytesPerSecond over the last seconds
 */
public record Transfer(long bytesDone, long bytesTotal, long bytesPerSecond) {}
