package cloud.freehold.portal.network;

/** A network outside that routers can lead to. Public addresses are of it. */
public record ExternalNetwork(ExternalNetworkId id, String name, String prefix) {}
