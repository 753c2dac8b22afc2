package cloud.freehold.agent.dataplane;

import static cloud.freehold.agent.dataplane.Layouts.FLOW_RECORD;

import cloud.freehold.api.observed.FlowRecord;
import com.sun.jna.Pointer;

/** Flow records as the library gives them. */
final class FlowReader {
    private static final int REVOKED = 1;
    private static final int IPV4 = 4;

    private FlowReader() {}

    static FlowRecord read(CtlLibrary library, Pointer from) {
        int family = from.getByte(FLOW_RECORD.at("family"));
        int publicAddress = FLOW_RECORD.at("public_addr");
        boolean translated = from.getInt(publicAddress) != 0;
        int packets = FLOW_RECORD.at("packets");
        int bytes = FLOW_RECORD.at("bytes");
        return new FlowRecord(
                from.getLong(FLOW_RECORD.at("sequence")),
                CtlLink.id(from, FLOW_RECORD.at("port")),
                from.getByte(FLOW_RECORD.at("direction")) == 0,
                end(from.getByte(FLOW_RECORD.at("end"))),
                (from.getShort(FLOW_RECORD.at("flags")) & REVOKED) != 0,
                Byte.toUnsignedInt(from.getByte(FLOW_RECORD.at("protocol"))),
                CtlInside.address(from, FLOW_RECORD.at("src"), family),
                Short.toUnsignedInt(from.getShort(FLOW_RECORD.at("src_port"))),
                CtlInside.address(from, FLOW_RECORD.at("dst"), family),
                Short.toUnsignedInt(from.getShort(FLOW_RECORD.at("dst_port"))),
                translated ? CtlInside.address(from, publicAddress, IPV4) : null,
                translated ? (Integer) Short.toUnsignedInt(from.getShort(FLOW_RECORD.at("public_port"))) : null,
                library.fh_ctl_connection_state_name(from.getInt(FLOW_RECORD.at("state"))),
                CtlLink.instant(from.getLong(FLOW_RECORD.at("start_ns"))),
                CtlLink.instant(from.getLong(FLOW_RECORD.at("end_ns"))),
                from.getLong(packets),
                from.getLong(bytes),
                from.getLong(packets + 8L),
                from.getLong(bytes + 8L),
                CtlInside.orNull(CtlLink.id(from, FLOW_RECORD.at("rule"))));
    }

    private static FlowRecord.End end(int number) {
        return switch (number) {
            case 2 -> FlowRecord.End.ACTIVE;
            case 3 -> FlowRecord.End.ENDED;
            case 4 -> FlowRecord.End.FORCED;
            case 5 -> FlowRecord.End.RESOURCES;
            default -> FlowRecord.End.IDLE;
        };
    }
}
