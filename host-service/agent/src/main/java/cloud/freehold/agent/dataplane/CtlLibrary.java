package cloud.freehold.agent.dataplane;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/** libfreeholdctl; see {@code freehold/ctl.h}. */
interface CtlLibrary extends Library {
    int fh_ctl_api_version();

    String fh_strerror(int result);

    int fh_ctl_open(String socketPath, int timeoutMs, PointerByReference out);

    void fh_ctl_close(Pointer ctl);

    int fh_ctl_info(Pointer ctl, int timeoutMs, Pointer out);

    Pointer fh_txn_new();

    void fh_txn_free(Pointer txn);

    int fh_txn_put_segment(Pointer txn, Pointer segment);

    int fh_txn_put_set(Pointer txn, Pointer set);

    int fh_txn_change_set(
            Pointer txn, Pointer id, long base, long generation, Pointer add, int nAdd, Pointer remove, int nRemove);

    int fh_txn_put_group(Pointer txn, Pointer group);

    int fh_txn_put_port(Pointer txn, Pointer port);

    int fh_txn_put_router(Pointer txn, Pointer router);

    int fh_txn_put_uplink(Pointer txn, Pointer uplink);

    int fh_txn_put_remote_port(Pointer txn, Pointer remote);

    int fh_txn_remove(Pointer txn, int kind, Pointer id);

    int fh_txn_replace_all(Pointer txn);

    int fh_txn_mark(Pointer txn, Pointer epoch, long revision);

    int fh_ctl_commit(Pointer ctl, Pointer txn, int timeoutMs, Pointer out);

    int fh_ctl_ports(Pointer ctl, int timeoutMs, LongByReference cursor, Pointer out, int capacity, IntByReference n);

    int fh_ctl_uplinks(Pointer ctl, int timeoutMs, LongByReference cursor, Pointer out, int capacity, IntByReference n);

    int fh_ctl_rule_hits(
            Pointer ctl, int timeoutMs, LongByReference cursor, Pointer out, int capacity, IntByReference n);

    int fh_ctl_connections(
            Pointer ctl,
            int timeoutMs,
            Pointer port,
            LongByReference cursor,
            Pointer out,
            int capacity,
            IntByReference n);

    String fh_ctl_connection_state_name(int state);

    int fh_ctl_kill(Pointer ctl, int timeoutMs, Pointer port, Pointer which, IntByReference killed);

    int fh_ctl_test_packet(Pointer ctl, int timeoutMs, Pointer port, Pointer packet, Pointer out);

    int fh_ctl_drop_events(
            Pointer ctl, int timeoutMs, LongByReference cursor, Pointer out, int capacity, IntByReference n);

    int fh_ctl_flows(
            Pointer ctl,
            int timeoutMs,
            long epoch,
            long taken,
            Pointer stream,
            Pointer out,
            int capacity,
            IntByReference n);

    String fh_drop_reason_name(int reason);

    int fh_ctl_preview(Pointer ctl, Pointer txn, int timeoutMs, LongByReference cuts, Pointer out);

    int fh_ctl_pin_worker(Pointer ctl, int timeoutMs, int worker, int core);

    Pointer fh_ctl_layout(IntByReference count);

    /** Loads the library and makes sure that it means the same structures as we do. */
    static CtlLibrary load(String nameOrPath) {
        CtlLibrary library;
        try {
            library = Native.load(nameOrPath, CtlLibrary.class);
        } catch (UnsatisfiedLinkError e) {
            throw new IllegalStateException(
                    "The dataplane's control library " + nameOrPath
                            + " cannot be loaded; install it or set freehold.agent.ctl-library to its path.",
                    e);
        }
        var differences = differences(library);
        if (!differences.isEmpty()) {
            throw new IllegalStateException("The control library " + nameOrPath
                    + " is not the one this agent was built for; install both from one release. Differences: "
                    + String.join("; ", differences));
        }
        return library;
    }

    /** Where the library's structures are not as {@link Layouts} has them; that they have grown at the end is fine. */
    static List<String> differences(CtlLibrary library) {
        var found = new ArrayList<String>();
        if (library.fh_ctl_api_version() != Layouts.API_VERSION) {
            found.add("API version " + library.fh_ctl_api_version() + " instead of " + Layouts.API_VERSION);
        }
        var exported = exported(library);
        for (var struct : Layouts.ALL) {
            compare(struct.name(), new CStruct.Field(0, struct.size()), exported, found);
            struct.fields().forEach((field, ours) -> compare(struct.name() + "." + field, ours, exported, found));
        }
        return found;
    }

    private static void compare(
            String what, CStruct.Field ours, HashMap<String, CStruct.Field> exported, List<String> found) {
        var theirs = exported.remove(what);
        if (theirs == null) {
            found.add(what + " is not exported");
        } else if (theirs.offset() != ours.offset()
                || (what.contains(".") ? theirs.size() != ours.size() : theirs.size() < ours.size())) {
            found.add(what + " is at " + theirs.offset() + " with " + theirs.size() + " bytes instead of "
                    + ours.offset() + " with " + ours.size());
        }
    }

    static HashMap<String, CStruct.Field> exported(CtlLibrary library) {
        var entry = Layouts.LAYOUT_ENTRY;
        var count = new IntByReference();
        var table = library.fh_ctl_layout(count);
        var fields = new HashMap<String, CStruct.Field>();
        for (int i = 0; i < count.getValue(); i++) {
            var row = table.share((long) i * entry.size());
            var field = row.getPointer(entry.at("field"));
            var name = row.getPointer(entry.at("structure")).getString(0);
            fields.put(
                    field == null ? name : name + "." + field.getString(0),
                    new CStruct.Field(row.getInt(entry.at("offset")), row.getInt(entry.at("size"))));
        }
        return fields;
    }
}
