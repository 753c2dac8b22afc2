package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.dataplane.Layouts.COMMIT_RESULT;
import static cloud.freehold.agent.dataplane.Layouts.CONNECTION;
import static cloud.freehold.agent.dataplane.Layouts.DROP_EVENT;
import static cloud.freehold.agent.dataplane.Layouts.FLOW_RECORD;
import static cloud.freehold.agent.dataplane.Layouts.FLOW_STREAM;
import static cloud.freehold.agent.dataplane.Layouts.PACKET;
import static cloud.freehold.agent.dataplane.Layouts.PACKET_VERDICT;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.observed.FlowBatch;
import cloud.freehold.api.observed.FlowRecord;
import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.api.query.DescribedPacket;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.LiveConnection;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Looks inside through libfreeholdctl, over a connection of its own. */
final class CtlInside implements InsideLink {
    private static final int TIMEOUT_MS = 2_000;
    private static final int PAGE = 256;
    private static final int OK = 0;
    private static final int ENOENT = -9;
    private static final int IPV4_BYTES = 4;
    private static final long NANOS_PER_MILLI = 1_000_000;
    /** Ids up to this one are no rules: none, and the defaults of ingress and egress. */
    private static final int LAST_RESERVED_ID = 3;

    private final CtlLibrary library;
    private Pointer ctl;
    private final Memory page = sized(CONNECTION);
    private final Memory dropPage = sized(DROP_EVENT);
    private final Memory flowPage = sized(FLOW_RECORD);

    private CtlInside(CtlLibrary library, Pointer ctl) {
        this.library = library;
        this.ctl = ctl;
    }

    static CtlInside open(CtlLibrary library, String socket) throws DataplaneException {
        var out = new PointerByReference();
        int result = library.fh_ctl_open(socket, TIMEOUT_MS, out);
        if (result != OK) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result) + " (" + socket + ")");
        }
        return new CtlInside(library, out.getValue());
    }

    private static Memory sized(CStruct struct) {
        var memory = Encoder.zeroed((long) PAGE * struct.size());
        for (int i = 0; i < PAGE; i++) {
            memory.setInt((long) i * struct.size() + struct.at("struct_size"), struct.size());
        }
        return memory;
    }

    @Override
    public Page connections(UUID nic, long cursor) throws DataplaneException {
        var next = new LongByReference(cursor);
        var count = new IntByReference();
        check(nic, library.fh_ctl_connections(ctl, TIMEOUT_MS, Encoder.id(nic), next, page, PAGE, count));
        var found = new ArrayList<LiveConnection>(count.getValue());
        for (int i = 0; i < count.getValue(); i++) {
            found.add(connection(page.share((long) i * CONNECTION.size())));
        }
        return new Page(found, next.getValue());
    }

    private LiveConnection connection(Pointer from) {
        int family = from.getByte(CONNECTION.at("family"));
        var name = new ConnectionName(
                Integer.toUnsignedLong(from.getInt(CONNECTION.at("handle"))),
                Byte.toUnsignedInt(from.getByte(CONNECTION.at("protocol"))),
                address(from, CONNECTION.at("src"), family),
                Short.toUnsignedInt(from.getShort(CONNECTION.at("src_port"))),
                address(from, CONNECTION.at("dst"), family),
                Short.toUnsignedInt(from.getShort(CONNECTION.at("dst_port"))));
        int packets = CONNECTION.at("packets");
        int bytes = CONNECTION.at("bytes");
        return new LiveConnection(
                name,
                from.getByte(CONNECTION.at("direction")) == 0,
                library.fh_ctl_connection_state_name(from.getInt(CONNECTION.at("state"))),
                from.getByte(CONNECTION.at("reply_seen")) != 0,
                from.getLong(packets),
                from.getLong(bytes),
                from.getLong(packets + 8L),
                from.getLong(bytes + 8L),
                from.getLong(CONNECTION.at("age_ns")) / NANOS_PER_MILLI,
                from.getLong(CONNECTION.at("expires_in_ns")) / NANOS_PER_MILLI,
                orNull(CtlLink.id(from, CONNECTION.at("rule"))));
    }

    static String address(Pointer from, long offset, int family) {
        try {
            return InetAddress.getByAddress(from.getByteArray(offset, family == 4 ? IPV4_BYTES : Layouts.ADDRESS))
                    .getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of 4 or 16 bytes is one", e);
        }
    }

    static UUID orNull(UUID id) {
        long number = id.getLeastSignificantBits();
        return id.getMostSignificantBits() == 0 && number >= 0 && number <= LAST_RESERVED_ID ? null : id;
    }

    @Override
    public int end(UUID nic, ConnectionName which) throws DataplaneException {
        var source = single(which.source());
        var destination = single(which.destination());
        var memory = Encoder.zeroed(CONNECTION.size());
        memory.setInt(CONNECTION.at("struct_size"), CONNECTION.size());
        memory.setByte(CONNECTION.at("family"), (byte) source.family());
        memory.setByte(CONNECTION.at("protocol"), (byte) which.protocol());
        memory.write(CONNECTION.at("src"), source.address(), 0, source.address().length);
        memory.write(CONNECTION.at("dst"), destination.address(), 0, destination.address().length);
        memory.setShort(CONNECTION.at("src_port"), (short) which.sourcePort());
        memory.setShort(CONNECTION.at("dst_port"), (short) which.destinationPort());
        memory.setInt(CONNECTION.at("handle"), (int) which.handle());
        return kill(nic, memory);
    }

    @Override
    public int endAll(UUID nic) throws DataplaneException {
        return kill(nic, null);
    }

    private int kill(UUID nic, Pointer which) throws DataplaneException {
        var killed = new IntByReference();
        check(nic, library.fh_ctl_kill(ctl, TIMEOUT_MS, Encoder.id(nic), which, killed));
        return killed.getValue();
    }

    @Override
    public Finding.Verdict test(UUID nic, DescribedPacket packet) throws DataplaneException {
        var source = single(packet.source());
        var destination = single(packet.destination());
        if (source.family() != destination.family()) {
            throw new IllegalArgumentException("Source and destination are of two IP versions.");
        }
        var memory = Encoder.zeroed(PACKET.size());
        memory.setInt(PACKET.at("struct_size"), PACKET.size());
        memory.setByte(PACKET.at("direction"), (byte) (packet.ingress() ? 0 : 1));
        memory.setByte(PACKET.at("family"), (byte) source.family());
        memory.setByte(PACKET.at("protocol"), (byte) packet.protocol());
        memory.setByte(PACKET.at("tcp_flags"), (byte) packet.tcpFlags());
        memory.write(PACKET.at("src"), source.address(), 0, source.address().length);
        memory.write(PACKET.at("dst"), destination.address(), 0, destination.address().length);
        memory.setShort(PACKET.at("src_port"), (short) packet.sourcePort());
        memory.setShort(PACKET.at("dst_port"), (short) packet.destinationPort());
        var out = Encoder.zeroed(PACKET_VERDICT.size());
        out.setInt(PACKET_VERDICT.at("struct_size"), PACKET_VERDICT.size());
        check(nic, library.fh_ctl_test_packet(ctl, TIMEOUT_MS, Encoder.id(nic), memory, out));
        boolean allowed = out.getInt(PACKET_VERDICT.at("action")) == 0;
        return new Finding.Verdict(
                allowed,
                allowed ? null : library.fh_drop_reason_name(out.getInt(PACKET_VERDICT.at("reason"))),
                packetClass(out.getInt(PACKET_VERDICT.at("class_"))),
                orNull(CtlLink.id(out, PACKET_VERDICT.at("rule"))));
    }

    private static Finding.Verdict.PacketClass packetClass(int number) {
        return switch (number) {
            case 1 -> Finding.Verdict.PacketClass.NEW;
            case 2 -> Finding.Verdict.PacketClass.ESTABLISHED;
            case 3 -> Finding.Verdict.PacketClass.RELATED;
            default -> Finding.Verdict.PacketClass.UNTRACKED;
        };
    }

    private static IpPrefix single(String text) {
        var prefix = IpPrefix.parse(text);
        if (prefix.length() != prefix.address().length * Byte.SIZE) {
            throw new IllegalArgumentException("'" + text + "' is a network and not an address");
        }
        return prefix;
    }

    @Override
    public long cuts(List<Change> changes, Duration deadline) throws DataplaneException {
        try (var writer = new TransactionWriter(library)) {
            for (var change : changes) {
                writer.add(change);
            }
            var cuts = new LongByReference();
            var out = Encoder.zeroed(COMMIT_RESULT.size());
            out.setInt(COMMIT_RESULT.at("struct_size"), COMMIT_RESULT.size());
            int result = library.fh_ctl_preview(ctl, writer.pointer(), (int) deadline.toMillis(), cuts, out);
            if (CtlLink.refusal(result)) {
                var message = out.getString(COMMIT_RESULT.at("message"));
                throw new DataplaneException.Refused(
                        null, false, message.isEmpty() ? library.fh_strerror(result) : message);
            }
            if (result != OK) {
                throw new DataplaneException.Unavailable(library.fh_strerror(result));
            }
            return cuts.getValue();
        }
    }

    @Override
    public Drops drops(long cursor) throws DataplaneException {
        var next = new LongByReference(cursor);
        var count = new IntByReference();
        int result = library.fh_ctl_drop_events(ctl, TIMEOUT_MS, next, dropPage, PAGE, count);
        if (result != OK) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result));
        }
        var events = new ArrayList<DropEvent>(count.getValue());
        for (int i = 0; i < count.getValue(); i++) {
            events.add(drop(dropPage.share((long) i * DROP_EVENT.size())));
        }
        return new Drops(events, next.getValue());
    }

    private DropEvent drop(Pointer from) {
        int family = from.getByte(DROP_EVENT.at("family"));
        boolean ip = family != 0;
        var reason = library.fh_drop_reason_name(from.getInt(DROP_EVENT.at("reason")));
        return new DropEvent(
                CtlLink.instant(from.getLong(DROP_EVENT.at("time_ns"))),
                CtlLink.id(from, DROP_EVENT.at("port")),
                from.getByte(DROP_EVENT.at("direction")) == 0,
                reason == null ? "unknown" : reason,
                orNull(CtlLink.id(from, DROP_EVENT.at("rule"))),
                ip ? (Integer) Byte.toUnsignedInt(from.getByte(DROP_EVENT.at("protocol"))) : null,
                ip ? address(from, DROP_EVENT.at("src"), family) : null,
                ip ? address(from, DROP_EVENT.at("dst"), family) : null,
                Short.toUnsignedInt(from.getShort(DROP_EVENT.at("src_port"))),
                Short.toUnsignedInt(from.getShort(DROP_EVENT.at("dst_port"))));
    }

    @Override
    public FlowBatch flows(long epoch, long taken) throws DataplaneException {
        var stream = Encoder.zeroed(FLOW_STREAM.size());
        stream.setInt(FLOW_STREAM.at("struct_size"), FLOW_STREAM.size());
        var count = new IntByReference();
        int result = library.fh_ctl_flows(ctl, TIMEOUT_MS, epoch, taken, stream, flowPage, PAGE, count);
        if (result != OK) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result));
        }
        var records = new ArrayList<FlowRecord>(count.getValue());
        for (int i = 0; i < count.getValue(); i++) {
            records.add(FlowReader.read(library, flowPage.share((long) i * FLOW_RECORD.size())));
        }
        return new FlowBatch(stream.getLong(FLOW_STREAM.at("epoch")), stream.getLong(FLOW_STREAM.at("lost")), records);
    }

    private void check(UUID nic, int result) throws DataplaneException {
        if (result == ENOENT) {
            throw new DataplaneException.Refused(
                    new ObjectRef(ObjectKind.NIC, nic), false, library.fh_strerror(result));
        }
        if (result != OK) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result));
        }
    }

    @Override
    public void close() {
        if (ctl != null) {
            library.fh_ctl_close(ctl);
            ctl = null;
        }
    }
}
