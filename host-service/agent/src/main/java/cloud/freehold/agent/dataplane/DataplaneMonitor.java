package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.common.Threads;
import cloud.freehold.agent.dataplane.DataplaneLink.PortStatus;
import cloud.freehold.agent.dataplane.DataplaneListener.NicCounters;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads counters every two seconds, and places workers by them, over a connection of its own, so that commits never wait for it. */
final class DataplaneMonitor {
    private static final Logger LOG = LoggerFactory.getLogger(DataplaneMonitor.class);
    private static final long PERIOD_MS = 2_000;

    private final DataplaneLink.Opener opener;
    private final DataplaneListener listener;
    private final WorkerPlacement placement;
    private DataplaneLink link;

    DataplaneMonitor(DataplaneLink.Opener opener, DataplaneListener listener, WorkerPlacement placement) {
        this.opener = opener;
        this.listener = listener;
        this.placement = placement;
    }

    void start() {
        Threads.timer("dataplane-counters")
                .scheduleWithFixedDelay(this::readSafely, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    private void readSafely() {
        try {
            read();
        } catch (DataplaneException e) {
            // The thread that commits reports it; here the next round starts over.
            close();
        } catch (RuntimeException e) {
            LOG.error("Counters could not be read because of an error of the agent's own.", e);
            close();
        }
    }

    void read() throws DataplaneException {
        if (link == null) {
            link = opener.open();
        }
        var info = link.info();
        var ports = link.ports();
        listener.ports(ports.stream().map(DataplaneMonitor::counters).toList());
        listener.ruleHits(link.ruleHits(info.counterEpoch()));
        placement.place(link, info, ports);
    }

    private void close() {
        if (link != null) {
            link.close();
            link = null;
        }
    }

    private static NicCounters counters(PortStatus port) {
        return new NicCounters(
                port.nic(),
                port.state() != PortStatus.State.CONNECTING,
                port.state() == PortStatus.State.UP,
                port.rxPackets(),
                port.rxBytes(),
                port.txPackets(),
                port.txBytes(),
                port.connections(),
                port.drops(),
                port.traffic(),
                port.flowsLost());
    }
}
