package cloud.freehold.portal.database;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.orm.jpa.JpaVendorAdapter;
import org.springframework.orm.jpa.vendor.Database;
import org.springframework.orm.jpa.vendor.HibernateJpaDialect;
import org.springframework.orm.jpa.vendor.HibernateJpaVendorAdapter;

/** Hibernate with the dialect that announces the tenant. */
@Configuration(proxyBeanMethods = false)
class TenantAwareJpaConfiguration {

    @Bean
    JpaVendorAdapter jpaVendorAdapter() {
        TenantAwareJpaDialect dialect = new TenantAwareJpaDialect();
        HibernateJpaVendorAdapter adapter = new HibernateJpaVendorAdapter() {
            @Override
            public HibernateJpaDialect getJpaDialect() {
                return dialect;
            }
        };
        adapter.setDatabase(Database.POSTGRESQL);
        return adapter;
    }
}
