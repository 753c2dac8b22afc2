package cloud.freehold.portal.database;

import cloud.freehold.portal.database.DatabaseAccess.Login;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * An external server: three sign-ins to the same database. Not needed with {@code freehold.postgres.embedded.dir}.
 *
 * @param poolSize connections of the portal role; the system role gets half as many
 */
@ConfigurationProperties("freehold.database")
record DatabaseProperties(
        @Nullable Login owner,
        @Nullable Login portal,
        @Nullable Login system,
        @DefaultValue("16") int poolSize) {

    DatabaseAccess access() {
        if (owner == null || portal == null || system == null) {
            throw new IllegalStateException("No database is configured. Set freehold.postgres.embedded.dir for a server"
                    + " of the portal's own, or url, username and password of freehold.database.owner, .portal and"
                    + " .system (db/README.md).");
        }
        return new DatabaseAccess(owner, portal, system);
    }
}
