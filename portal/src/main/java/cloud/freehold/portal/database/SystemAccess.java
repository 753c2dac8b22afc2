package cloud.freehold.portal.database;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Marks the {@code JdbcClient}, {@code TransactionTemplate} and {@code DataSource} that see all tenants. Only for work
 * that belongs to no tenant (hosts, schedulers, sign-in): everything done for a tenant goes the ordinary way, where
 * row-level security is the second wall.
 */
@Qualifier("systemAccess")
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface SystemAccess {}
