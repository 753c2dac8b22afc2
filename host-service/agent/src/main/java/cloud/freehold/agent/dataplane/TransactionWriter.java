package cloud.freehold.agent.dataplane;

import cloud.freehold.api.ObjectKind;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Writes changes as a transaction of the control library. */
final class TransactionWriter implements AutoCloseable {
    private static final int OK = 0;

    static final int KIND_SEGMENT = 1;
    static final int KIND_SET = 2;
    static final int KIND_GROUP = 3;
    static final int KIND_PORT = 4;
    static final int KIND_ROUTER = 5;
    static final int KIND_UPLINK = 6;
    static final int KIND_REMOTE_PORT = 7;

    private final CtlLibrary library;
    private final Pointer txn;
    // The library may refer to what it was given until the commit: all of it stays reachable.
    private final List<Object> kept = new ArrayList<>();

    TransactionWriter(CtlLibrary library) throws DataplaneException {
        this.library = library;
        this.txn = library.fh_txn_new();
        if (txn == null) {
            throw new DataplaneException.Unavailable("no memory for a transaction");
        }
    }

    Pointer pointer() {
        return txn;
    }

    /** What is not put is removed. */
    void replaceAll() throws DataplaneException {
        check(library.fh_txn_replace_all(txn));
    }

    void mark(UUID epoch, long revision) throws DataplaneException {
        check(library.fh_txn_mark(txn, Encoder.id(epoch), revision));
    }

    void add(Change change) throws DataplaneException {
        int result;
        try {
            result = put(change);
        } catch (IllegalArgumentException e) {
            throw new DataplaneException.Refused(change.object(), false, e.getMessage());
        }
        if (result != OK) {
            throw new DataplaneException.Refused(change.object(), false, library.fh_strerror(result));
        }
    }

    private int put(Change change) {
        if (change instanceof Change.PutNetwork put) {
            return library.fh_txn_put_segment(txn, keep(NetworkEncoder.segment(put.network())));
        } else if (change instanceof Change.PutRouter put) {
            return library.fh_txn_put_router(txn, keep(NetworkEncoder.router(put.router())));
        } else if (change instanceof Change.PutUplink put) {
            return library.fh_txn_put_uplink(txn, keep(NetworkEncoder.uplink(put.uplink())));
        } else if (change instanceof Change.PutRemoteNic put) {
            return library.fh_txn_put_remote_port(txn, keep(NetworkEncoder.remoteNic(put.nic())));
        } else if (change instanceof Change.PutSet put) {
            return library.fh_txn_put_set(txn, keep(Encoder.set(put.set())).memory());
        } else if (change instanceof Change.ChangeMembers members) {
            return library.fh_txn_change_set(
                    txn,
                    keep(Encoder.id(members.ref().id())),
                    members.base(),
                    members.revision(),
                    keep(Encoder.addresses(members.added())),
                    members.added().size(),
                    keep(Encoder.addresses(members.removed())),
                    members.removed().size());
        } else if (change instanceof Change.PutGroup put) {
            return library.fh_txn_put_group(
                    txn, keep(Encoder.group(put.group())).memory());
        } else if (change instanceof Change.PutNic put) {
            return library.fh_txn_put_port(txn, keep(Encoder.port(put)));
        } else if (change instanceof Change.Remove remove) {
            var object = remove.object();
            return library.fh_txn_remove(txn, kind(object.kind()), keep(Encoder.id(object.id())));
        }
        throw new IllegalStateException("unknown change " + change);
    }

    private static int kind(ObjectKind kind) {
        return switch (kind) {
            case NETWORK -> KIND_SEGMENT;
            case ROUTER -> KIND_ROUTER;
            case UPLINK -> KIND_UPLINK;
            case REMOTE_NIC -> KIND_REMOTE_PORT;
            case ADDRESS_GROUP, GROUP_MEMBERS -> KIND_SET;
            case SECURITY_GROUP -> KIND_GROUP;
            case NIC -> KIND_PORT;
            case VM -> throw new IllegalArgumentException("the dataplane knows no VMs");
        };
    }

    private <T> T keep(T object) {
        kept.add(object);
        return object;
    }

    private void check(int result) throws DataplaneException {
        if (result != OK) {
            throw new DataplaneException.Unavailable(library.fh_strerror(result));
        }
    }

    @Override
    public void close() {
        library.fh_txn_free(txn);
    }
}
