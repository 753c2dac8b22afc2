package cloud.freehold.agent.libvirt;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/** What the agent uses of libvirt.so. Errors are per thread: ask right after the call. */
interface LibvirtLibrary extends Library {
    int DEFINE_VALIDATE = 1;
    int METADATA_ELEMENT = 2;
    int SHUTDOWN_ACPI = 1;
    int SHUTDOWN_AGENT = 2;
    int UNDEFINE_EVERYTHING = 1 | 2 | 4 | 16;
    int AFFECT_LIVE = 1;
    int BLOCK_PULL_BANDWIDTH_BYTES = 1 << 6;
    int BLOCK_COPY_REUSE_EXT = 1 << 1;
    int BLOCK_COPY_TRANSIENT_JOB = 1 << 2;
    int BLOCK_COPY_SYNCHRONOUS_WRITES = 1 << 3;
    int BLOCK_JOB_ABORT_PIVOT = 1 << 1;
    int EVENT_LIFECYCLE = 0;
    int EVENT_REBOOT = 1;
    int EVENT_AGENT_LIFECYCLE = 18;

    int ERROR_NO_DOMAIN = 42;
    int ERROR_OPERATION_INVALID = 55;
    int ERROR_NO_METADATA = 80;
    int ERROR_AGENT_UNRESPONSIVE = 86;

    /** Its other half, with the calls that are for QEMU alone. */
    interface Qemu extends Library {
        Pointer virDomainQemuAgentCommand(Pointer domain, String command, int timeoutSeconds, int flags);

        int virDomainQemuMonitorCommand(Pointer domain, String command, PointerByReference answer, int flags);
    }

    interface ErrorCallback extends Callback {
        void on(Pointer data, Pointer error);
    }

    /** Any event whose further arguments are of no interest. */
    interface DomainCallback extends Callback {
        void on(Pointer connection, Pointer domain, Pointer a, Pointer b, Pointer c);
    }

    interface CloseCallback extends Callback {
        void on(Pointer connection, int reason, Pointer opaque);
    }

    int virInitialize();

    void virSetErrorFunc(Pointer data, ErrorCallback callback);

    int virGetLastErrorCode();

    String virGetLastErrorMessage();

    int virEventRegisterDefaultImpl();

    int virEventRunDefaultImpl();

    Pointer virConnectOpen(String uri);

    int virConnectClose(Pointer connection);

    int virConnectIsAlive(Pointer connection);

    int virConnectSetKeepAlive(Pointer connection, int seconds, int count);

    int virConnectGetVersion(Pointer connection, LongByReference version);

    int virConnectRegisterCloseCallback(Pointer connection, CloseCallback callback, Pointer opaque, Pointer free);

    int virConnectDomainEventRegisterAny(
            Pointer connection, Pointer domain, int event, DomainCallback callback, Pointer opaque, Pointer free);

    int virConnectListAllDomains(Pointer connection, PointerByReference domains, int flags);

    Pointer virDomainLookupByUUIDString(Pointer connection, String uuid);

    Pointer virDomainLookupByName(Pointer connection, String name);

    Pointer virDomainDefineXMLFlags(Pointer connection, String xml, int flags);

    int virDomainFree(Pointer domain);

    String virDomainGetName(Pointer domain);

    int virDomainGetUUIDString(Pointer domain, byte[] buffer);

    int virDomainGetState(Pointer domain, IntByReference state, IntByReference reason, int flags);

    Pointer virDomainGetMetadata(Pointer domain, int type, String uri, int flags);

    int virDomainCreate(Pointer domain);

    int virDomainShutdownFlags(Pointer domain, int flags);

    int virDomainReboot(Pointer domain, int flags);

    int virDomainReset(Pointer domain, int flags);

    int virDomainResume(Pointer domain);

    int virDomainDestroy(Pointer domain);

    int virDomainUndefineFlags(Pointer domain, int flags);

    Pointer virDomainGetXMLDesc(Pointer domain, int flags);

    int virDomainAttachDeviceFlags(Pointer domain, String xml, int flags);

    int virDomainDetachDeviceAlias(Pointer domain, String alias, int flags);

    int virDomainBlockPull(Pointer domain, String disk, long bandwidth, int flags);

    int virDomainBlockCopy(Pointer domain, String disk, String xml, Pointer parameters, int count, int flags);

    int virDomainGetBlockJobInfo(Pointer domain, String disk, Pointer info, int flags);

    int virDomainBlockJobAbort(Pointer domain, String disk, int flags);

    Pointer virStreamNew(Pointer connection, int flags);

    int virStreamRecv(Pointer stream, byte[] buffer, long size);

    int virStreamFinish(Pointer stream);

    int virStreamAbort(Pointer stream);

    int virStreamFree(Pointer stream);

    /** @return the picture's MIME type */
    Pointer virDomainScreenshot(Pointer domain, Pointer stream, int screen, int flags);

    /** Takes over a string that libvirt allocated. */
    static String take(Pointer text) {
        var copy = text.getString(0, "UTF-8");
        Native.free(Pointer.nativeValue(text));
        return copy;
    }
}
