package cloud.freehold.portal.database;

import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.hibernate.Session;
import org.springframework.orm.jpa.vendor.HibernateJpaDialect;
import org.springframework.transaction.TransactionDefinition;

/**
 * Tells PostgreSQL at the start of each transaction for which tenant and user it runs. The settings are local to the
 * transaction, so a pooled connection never carries them to the next one; JPA, JDBC and native SQL all obey them.
 */
class TenantAwareJpaDialect extends HibernateJpaDialect {

    private static final long serialVersionUID = 1L;

    @Override
    public Object beginTransaction(EntityManager entityManager, TransactionDefinition definition)
            throws PersistenceException, SQLException {
        Object data = super.beginTransaction(entityManager, definition);
        Acting acting = Acting.current();
        entityManager.unwrap(Session.class).doWork(connection -> announce(connection, acting));
        return data;
    }

    private static void announce(Connection connection, Acting acting) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "select set_config('app.tenant', ?, true), set_config('app.user', ?, true)")) {
            statement.setString(
                    1, acting.tenant() == null ? "" : acting.tenant().toString());
            statement.setString(2, acting.user() == null ? "" : acting.user().toString());
            statement.execute();
        }
    }
}
