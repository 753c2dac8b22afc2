package cloud.freehold.portal.compute.domain;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import java.util.regex.Pattern;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What VMs may be called. */
final class VmNames {

    private static final Pattern NAME = Pattern.compile("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final int LONGEST_DESCRIPTION = 500;

    private VmNames() {}

    static void check(String name, String description) {
        if (!NAME.matcher(name).matches()) {
            throw InvalidInputException.field(
                    "vm.name",
                    "name",
                    "A name begins with a lower case letter and has lower case letters, digits and dashes, up to 63; it"
                            + " becomes the host name.");
        }
        if (description.length() > LONGEST_DESCRIPTION
                || description
                        .chars()
                        .anyMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\r' && c != '\t')) {
            throw InvalidInputException.field(
                    "vm.description",
                    "description",
                    "A description has up to " + LONGEST_DESCRIPTION
                            + " characters, none of them a control character.");
        }
    }

    static void requireFree(JdbcClient jdbc, TenantId tenant, String name) {
        boolean taken = jdbc.sql("""
                        select exists (select from vm where tenant_id = :tenant and name = :name and deleting_since is null)
                        """)
                .param("tenant", tenant.value())
                .param("name", name)
                .query(Boolean.class)
                .single();
        if (taken) {
            throw InvalidInputException.field(
                    "vm.name-taken", "name", "There is already a VM of this name. Choose another name.");
        }
    }
}
