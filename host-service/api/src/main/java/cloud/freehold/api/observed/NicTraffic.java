package cloud.freehold.api.observed;

/**
 * What a NIC carried since its counters began at zero, by what its routing decided. They go on over restarts of the dataplane;
 * with another epoch they began anew. Received and sent are as the VM sees them.
 *
 * @param epoch nanoseconds; tells two beginnings apart
 * @param network within its network
 * @param routed between networks of its tenant
 * @param external through a public address
 */
public record NicTraffic(long epoch, Carried network, Carried routed, Carried external) {

    /** Frames; a large segment counts as the frames that it takes on a wire. */
    public record Carried(long receivedPackets, long receivedBytes, long sentPackets, long sentBytes) {}
}
