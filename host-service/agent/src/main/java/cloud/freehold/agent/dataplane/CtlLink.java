package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.dataplane.Layouts.COMMIT_RESULT;
import static cloud.freehold.agent.dataplane.Layouts.INFO;
import static cloud.freehold.agent.dataplane.Layouts.PORT_STATUS;
import static cloud.freehold.agent.dataplane.Layouts.RULE_HIT;
import static cloud.freehold.agent.dataplane.Layouts.TRAFFIC;
import static cloud.freehold.agent.dataplane.Layouts.UPLINK_STATUS;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.observed.NicTraffic;
import cloud.freehold.api.observed.RuleHits;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;

/** A connection through libfreeholdctl. */
final class CtlLink implements DataplaneLink {
    private static final int TIMEOUT_MS = 2_000;
    private static final int PAGE = 512;
    private static final int ANY_CORE = -1;

    private static final int TRAFFIC_NETWORK = 0;
    private static final int TRAFFIC_ROUTED = 1;
    private static final int TRAFFIC_EXTERNAL = 2;

    private static final int OK = 0;
    private static final int EREF = -6;
    private static final int ELIMIT = -7;
    private static final int ESTALE = -8;
    private static final int EINVAL = -1;
    private static final int ENOENT = -9;

    private final CtlLibrary library;
    private Pointer ctl;

    private CtlLink(CtlLibrary library, Pointer ctl) {
        this.library = library;
        this.ctl = ctl;
    }

    static CtlLink open(CtlLibrary library, String socket) throws DataplaneException {
        var out = new PointerByReference();
        int result = library.fh_ctl_open(socket, TIMEOUT_MS, out);
        if (result != OK) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result) + " (" + socket + ")");
        }
        return new CtlLink(library, out.getValue());
    }

    @Override
    public void close() {
        if (ctl != null) {
            library.fh_ctl_close(ctl);
            ctl = null;
        }
    }

    @Override
    public Info info() throws DataplaneException {
        var info = Encoder.zeroed(INFO.size());
        info.setInt(INFO.at("struct_size"), INFO.size());
        check(library.fh_ctl_info(ctl, TIMEOUT_MS, info));
        return new Info(
                info.getLong(INFO.at("epoch")),
                info.getLong(INFO.at("started_ns")),
                id(info, INFO.at("revision_epoch")),
                info.getLong(INFO.at("revision")),
                info.getString(INFO.at("version")),
                info.getInt(INFO.at("workers")));
    }

    @Override
    public Instant commit(Transaction transaction, Duration deadline) throws DataplaneException {
        try (var writer = new TransactionWriter(library)) {
            if (transaction.replaceAll()) {
                writer.replaceAll();
            }
            for (var change : transaction.changes()) {
                writer.add(change);
            }
            writer.mark(transaction.epoch(), transaction.revision());
            return commit(writer.pointer(), deadline);
        }
    }

    private Instant commit(Pointer txn, Duration deadline) throws DataplaneException {
        var out = Encoder.zeroed(COMMIT_RESULT.size());
        out.setInt(COMMIT_RESULT.at("struct_size"), COMMIT_RESULT.size());
        int result = library.fh_ctl_commit(ctl, txn, (int) deadline.toMillis(), out);
        if (result == OK) {
            return instant(out.getLong(COMMIT_RESULT.at("enforced_ns")));
        }
        if (!refusal(result)) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result));
        }
        var message = out.getString(COMMIT_RESULT.at("message"));
        throw new DataplaneException.Refused(
                object(out.getInt(COMMIT_RESULT.at("failed_kind")), id(out, COMMIT_RESULT.at("failed_id"))),
                result == ESTALE,
                message.isEmpty() ? library.fh_strerror(result) : message);
    }

    static boolean refusal(int result) {
        return result == EINVAL || result == EREF || result == ELIMIT || result == ESTALE || result == ENOENT;
    }

    /** A set's own kind is not known to the dataplane: it comes back as ADDRESS_GROUP. */
    private static ObjectRef object(int kind, UUID id) {
        return switch (kind) {
            case TransactionWriter.KIND_SEGMENT -> new ObjectRef(ObjectKind.NETWORK, id);
            case TransactionWriter.KIND_SET -> new ObjectRef(ObjectKind.ADDRESS_GROUP, id);
            case TransactionWriter.KIND_GROUP -> new ObjectRef(ObjectKind.SECURITY_GROUP, id);
            case TransactionWriter.KIND_PORT -> new ObjectRef(ObjectKind.NIC, id);
            case TransactionWriter.KIND_ROUTER -> new ObjectRef(ObjectKind.ROUTER, id);
            case TransactionWriter.KIND_UPLINK -> new ObjectRef(ObjectKind.UPLINK, id);
            case TransactionWriter.KIND_REMOTE_PORT -> new ObjectRef(ObjectKind.REMOTE_NIC, id);
            default -> null;
        };
    }

    @Override
    public List<PortStatus> ports() throws DataplaneException {
        return pages(PORT_STATUS, library::fh_ctl_ports, this::port);
    }

    @Override
    public Set<String> uplinkDevices() throws DataplaneException {
        return Set.copyOf(
                pages(UPLINK_STATUS, library::fh_ctl_uplinks, status -> status.getString(UPLINK_STATUS.at("device"))));
    }

    private PortStatus port(Pointer status) {
        var drops = new TreeMap<String, Long>();
        for (int reason = 0; reason < Layouts.DROP_REASONS; reason++) {
            long packets = status.getLong(PORT_STATUS.at("drops") + 8L * reason);
            var name = library.fh_drop_reason_name(reason);
            if (packets != 0 && name != null) {
                drops.put(name, packets);
            }
        }
        return new PortStatus(
                id(status, PORT_STATUS.at("id")),
                status.getLong(PORT_STATUS.at("incarnation")),
                state(status.getInt(PORT_STATUS.at("state"))),
                status.getLong(PORT_STATUS.at("rx_packets")),
                status.getLong(PORT_STATUS.at("rx_bytes")),
                status.getLong(PORT_STATUS.at("tx_packets")),
                status.getLong(PORT_STATUS.at("tx_bytes")),
                status.getLong(PORT_STATUS.at("connections")),
                drops,
                status.getInt(PORT_STATUS.at("workers")),
                status.getInt(PORT_STATUS.at("front_end_pid")),
                new NicTraffic(
                        status.getLong(PORT_STATUS.at("traffic_epoch")),
                        carried(status, TRAFFIC_NETWORK),
                        carried(status, TRAFFIC_ROUTED),
                        carried(status, TRAFFIC_EXTERNAL)),
                status.getLong(PORT_STATUS.at("flows_lost")));
    }

    private static NicTraffic.Carried carried(Pointer status, int trafficClass) {
        long from = PORT_STATUS.at("from_guest") + (long) trafficClass * TRAFFIC.size();
        long to = PORT_STATUS.at("to_guest") + (long) trafficClass * TRAFFIC.size();
        int packets = TRAFFIC.at("packets");
        int bytes = TRAFFIC.at("bytes");
        return new NicTraffic.Carried(
                status.getLong(to + packets),
                status.getLong(to + bytes),
                status.getLong(from + packets),
                status.getLong(from + bytes));
    }

    private static PortStatus.State state(int number) {
        return switch (number) {
            case 1 -> PortStatus.State.CONNECTED;
            case 2 -> PortStatus.State.UP;
            default -> PortStatus.State.CONNECTING;
        };
    }

    @Override
    public List<RuleHits> ruleHits(long counterEpoch) throws DataplaneException {
        return pages(
                RULE_HIT,
                library::fh_ctl_rule_hits,
                hit -> new RuleHits(
                        id(hit, RULE_HIT.at("rule")),
                        counterEpoch,
                        hit.getLong(RULE_HIT.at("connections")),
                        hit.getLong(RULE_HIT.at("packets")),
                        hit.getLong(RULE_HIT.at("bytes")),
                        instant(hit.getLong(RULE_HIT.at("last_hit_ns")))));
    }

    @Override
    public void pinWorker(int worker, OptionalInt core) throws DataplaneException {
        check(library.fh_ctl_pin_worker(ctl, TIMEOUT_MS, worker, core.orElse(ANY_CORE)));
    }

    private interface PageCall {
        int fill(Pointer ctl, int timeoutMs, LongByReference cursor, Pointer out, int capacity, IntByReference count);
    }

    private <T> List<T> pages(CStruct struct, PageCall call, Function<Pointer, T> read) throws DataplaneException {
        var found = new ArrayList<T>();
        var page = new Memory((long) PAGE * struct.size());
        page.clear();
        if (struct.fields().containsKey("struct_size")) {
            for (int i = 0; i < PAGE; i++) {
                page.setInt((long) i * struct.size() + struct.at("struct_size"), struct.size());
            }
        }
        var cursor = new LongByReference(0);
        var count = new IntByReference();
        do {
            check(call.fill(ctl, TIMEOUT_MS, cursor, page, PAGE, count));
            for (int i = 0; i < count.getValue(); i++) {
                found.add(read.apply(page.share((long) i * struct.size())));
            }
        } while (cursor.getValue() != 0);
        return found;
    }

    private void check(int result) throws DataplaneException {
        if (result != OK) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result));
        }
    }

    static UUID id(Pointer from, long offset) {
        return new UUID(Long.reverseBytes(from.getLong(offset)), Long.reverseBytes(from.getLong(offset + 8)));
    }

    /** Null: never. */
    static Instant instant(long nanos) {
        return nanos == 0 ? null : Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000);
    }
}
