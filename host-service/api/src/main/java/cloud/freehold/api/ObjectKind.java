package cloud.freehold.api;

/** Kinds of objects that a host is told about. */
public enum ObjectKind {
    VM,
    NIC,
    NETWORK,
    ROUTER,
    SECURITY_GROUP,
    UPLINK,
    /** A NIC on another host. */
    REMOTE_NIC,
    /** The addresses of an address group. */
    ADDRESS_GROUP,
    /** The addresses of the NICs that have a security group; the id is the security group's. */
    GROUP_MEMBERS
}
