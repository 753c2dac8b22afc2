package cloud.freehold.portal.network;

import java.util.List;

/**
 * What a NIC may send.
 *
 * @param portSecurity true: only from its own MAC, its addresses and the allowed ones
 * @param allowedAddresses further addresses and prefixes that it may send from; a single address is delivered to it, too
 */
public record NicSettings(boolean portSecurity, List<String> allowedAddresses) {}
