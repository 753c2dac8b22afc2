package cloud.freehold.portal.network;

import org.jspecify.annotations.Nullable;

/**
 * @param ipv4Prefix such as 10.0.0.0/24; null for none
 * @param ipv6Prefix a /64; null for one of our own choosing (unique local)
 */
public record NewNetwork(
        String name, @Nullable String ipv4Prefix, @Nullable String ipv6Prefix) {}
