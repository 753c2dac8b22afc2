package cloud.freehold.portal.database;

import cloud.freehold.portal.database.DatabaseAccess.Login;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Creates the three roles and the database, which migrations cannot do for themselves. An external server gets the same
 * from its administrator; {@code db/README.md} has the statements.
 */
final class DatabaseBootstrap {

    private DatabaseBootstrap() {}

    static void run(Login administrator, DatabaseAccess access) {
        try (Connection connection = connect(administrator)) {
            for (Login role : new Login[] {access.owner(), access.portal(), access.system()}) {
                createRole(connection, role);
            }
            if (!exists(connection, "select 1 from pg_database where datname = ?", EmbeddedPostgres.DATABASE)) {
                execute(
                        connection,
                        "create database " + EmbeddedPostgres.DATABASE + " owner "
                                + access.owner().username());
                execute(connection, "revoke all on database " + EmbeddedPostgres.DATABASE + " from public");
            }
            execute(
                    connection,
                    "grant connect on database " + EmbeddedPostgres.DATABASE + " to "
                            + access.portal().username() + ", "
                            + access.system().username());
        } catch (SQLException e) {
            throw new IllegalStateException("The database roles could not be prepared", e);
        }
    }

    static Connection connect(Login login) throws SQLException {
        return DriverManager.getConnection(login.url(), login.username(), login.password());
    }

    private static void createRole(Connection connection, Login role) throws SQLException {
        if (!exists(connection, "select 1 from pg_roles where rolname = ?", role.username())) {
            execute(connection, "create role " + role.username() + " login nosuperuser nocreatedb nocreaterole");
        }
        // The password has only hexadecimal digits, so it needs no quoting; roles take no bind variables.
        execute(connection, "alter role " + role.username() + " password '" + role.password() + "'");
    }

    private static boolean exists(Connection connection, String query, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next();
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
