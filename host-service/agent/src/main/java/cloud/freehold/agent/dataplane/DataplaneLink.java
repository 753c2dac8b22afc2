package cloud.freehold.agent.dataplane;

import cloud.freehold.api.observed.NicTraffic;
import cloud.freehold.api.observed.RuleHits;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;

/** One connection to a dataplane; for one thread. */
interface DataplaneLink extends AutoCloseable {

    /** Makes connections. */
    interface Opener {
        DataplaneLink open() throws DataplaneException;
    }

    /**
     * @param counterEpoch changes when counters start from zero
     * @param startedNs tells two runs of the dataplane apart
     * @param markEpoch with {@code markRevision}: what was last committed; revision 0: nothing
     */
    record Info(long counterEpoch, long startedNs, UUID markEpoch, long markRevision, String version, int workers) {
        boolean marks(UUID epoch, long revision) {
            return markRevision == revision && markEpoch.equals(epoch);
        }
    }

    /** @param replaceAll what is not put is removed */
    record Transaction(boolean replaceAll, List<Change> changes, UUID epoch, long revision) {}

    /**
     * @param drops by the reason's name; reasons that there was none for are missing
     * @param workers bit w: worker w serves one of its queues
     * @param frontEndPid QEMU's; 0: not known
     */
    record PortStatus(
            UUID nic,
            long incarnation,
            State state,
            long rxPackets,
            long rxBytes,
            long txPackets,
            long txBytes,
            long connections,
            Map<String, Long> drops,
            int workers,
            int frontEndPid,
            NicTraffic traffic,
            long flowsLost) {

        enum State {
            CONNECTING,
            CONNECTED,
            UP
        }
    }

    Info info() throws DataplaneException;

    /** @return when every worker saw it */
    Instant commit(Transaction transaction, Duration deadline) throws DataplaneException;

    /** @return the names of the devices that it was started with */
    Set<String> uplinkDevices() throws DataplaneException;

    List<PortStatus> ports() throws DataplaneException;

    List<RuleHits> ruleHits(long counterEpoch) throws DataplaneException;

    /** @param core empty: any */
    void pinWorker(int worker, OptionalInt core) throws DataplaneException;

    @Override
    void close();
}
