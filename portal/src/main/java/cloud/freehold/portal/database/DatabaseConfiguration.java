package cloud.freehold.portal.database;

import cloud.freehold.portal.database.DatabaseAccess.Login;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.time.Duration;
import javax.sql.DataSource;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.flyway.autoconfigure.FlywayConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Two pools and the migrations' sign-in, on the embedded server or an external one. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({DatabaseProperties.class, EmbeddedPostgresProperties.class})
class DatabaseConfiguration {

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);

    @Bean(destroyMethod = "close")
    @ConditionalOnProperty("freehold.postgres.embedded.dir")
    EmbeddedPostgres embeddedPostgres(EmbeddedPostgresProperties properties) {
        Path dir = properties.dir();
        if (dir == null) {
            throw new IllegalStateException("freehold.postgres.embedded.dir is empty; name a folder.");
        }
        return new EmbeddedPostgres(properties, dir);
    }

    @Bean
    DatabaseAccess databaseAccess(
            org.springframework.beans.factory.ObjectProvider<EmbeddedPostgres> embedded, DatabaseProperties external) {
        EmbeddedPostgres server = embedded.getIfAvailable();
        return server != null ? server.access() : external.access();
    }

    @Bean
    @Primary
    HikariDataSource portalDataSource(DatabaseAccess access, DatabaseProperties properties) {
        return pool("portal", access.portal(), properties.poolSize());
    }

    @Bean(defaultCandidate = false)
    @SystemAccess
    HikariDataSource systemDataSource(DatabaseAccess access, DatabaseProperties properties) {
        return pool("system", access.system(), Math.max(2, properties.poolSize() / 2));
    }

    @Bean
    FlywayConnectionDetails flywayConnectionDetails(DatabaseAccess access) {
        Login owner = access.owner();
        return new FlywayConnectionDetails() {
            @Override
            public String getUsername() {
                return owner.username();
            }

            @Override
            public String getPassword() {
                return owner.password();
            }

            @Override
            public String getJdbcUrl() {
                return owner.url();
            }
        };
    }

    @Bean
    @Primary
    JdbcClient portalJdbcClient(DataSource dataSource) {
        return JdbcClient.create(dataSource);
    }

    @Bean(defaultCandidate = false)
    @SystemAccess
    JdbcClient systemJdbcClient(@SystemAccess DataSource dataSource) {
        return JdbcClient.create(dataSource);
    }

    @Bean(defaultCandidate = false)
    @SystemAccess
    JdbcTransactionManager systemTransactionManager(@SystemAccess DataSource dataSource) {
        return new JdbcTransactionManager(dataSource);
    }

    @Bean(defaultCandidate = false)
    @SystemAccess
    TransactionTemplate systemTransactionTemplate(@SystemAccess JdbcTransactionManager transactions) {
        return new TransactionTemplate(transactions);
    }

    private static HikariDataSource pool(String name, Login login, int size) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(login.url());
        config.setUsername(login.username());
        config.setPassword(login.password());
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(Math.min(2, size));
        config.setConnectionTimeout(CONNECT_LIMIT.toMillis());
        config.addDataSourceProperty("ApplicationName", "freehold-" + name);
        config.addDataSourceProperty("connectTimeout", CONNECT_LIMIT.toSeconds());
        // No statement of the portal takes this long; a silent network must not hold a connection for ever.
        config.addDataSourceProperty("socketTimeout", 60);
        config.addDataSourceProperty(
                "options",
                "-c statement_timeout=30s -c lock_timeout=10s -c" + " idle_in_transaction_session_timeout=60s");
        return new HikariDataSource(config);
    }
}
