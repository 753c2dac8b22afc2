package cloud.freehold.portal.firewall.domain;

import cloud.freehold.portal.firewall.AddressGroupId;
import cloud.freehold.portal.firewall.SecurityGroupId;

/** The other end of a connection. */
public sealed interface Remote {

    Remote ANY = new Anyone();

    record Anyone() implements Remote {}

    record Prefix(Cidr cidr) implements Remote {}

    /** The addresses of the NICs in a security group. */
    record Group(SecurityGroupId id) implements Remote {}

    record Addresses(AddressGroupId id) implements Remote {}

    /** The whole internet of at least one IP version. */
    default boolean isEverybody() {
        return this instanceof Anyone
                || (this instanceof Prefix prefix && prefix.cidr().isAll());
    }

    default EtherType family() {
        return this instanceof Prefix prefix ? prefix.cidr().family() : EtherType.ANY;
    }
}
