package cloud.freehold.portal.database;

/**
 * Where PostgreSQL is and who signs in there: the owner migrates the schema, the portal role is bound by row-level
 * security, the system role works across tenants on the tables that grant it that.
 */
record DatabaseAccess(Login owner, Login portal, Login system) {

    record Login(String url, String username, String password) {

        @Override
        public String toString() {
            return username + " at " + url;
        }
    }
}
