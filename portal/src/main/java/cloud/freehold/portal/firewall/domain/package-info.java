/** What a rule is, how it is read and written, how a rule set changes; and the tables behind it. */
@NullMarked
package cloud.freehold.portal.firewall.domain;

import org.jspecify.annotations.NullMarked;
