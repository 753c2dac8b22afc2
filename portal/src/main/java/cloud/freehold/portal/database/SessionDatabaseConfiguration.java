package cloud.freehold.portal.database;

import javax.sql.DataSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.session.jdbc.config.annotation.SpringSessionDataSource;
import org.springframework.transaction.support.TransactionOperations;

/** Keeps web sessions out of reach of the role that runs tenants' queries. */
@Configuration(proxyBeanMethods = false)
class SessionDatabaseConfiguration {

    @Bean(defaultCandidate = false)
    @SpringSessionDataSource
    DataSource sessionDataSource(@SystemAccess DataSource dataSource) {
        return new org.springframework.jdbc.datasource.DelegatingDataSource(dataSource);
    }

    @Bean(name = "springSessionTransactionOperations", defaultCandidate = false)
    TransactionOperations sessionTransactions(@SystemAccess JdbcTransactionManager transactions) {
        var template = new org.springframework.transaction.support.TransactionTemplate(transactions);
        template.setPropagationBehavior(org.springframework.transaction.TransactionDefinition.PROPAGATION_REQUIRES_NEW);
        return template;
    }
}
