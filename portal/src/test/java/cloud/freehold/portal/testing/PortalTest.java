package cloud.freehold.portal.testing;

import cloud.freehold.portal.database.EmptyDatabase;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.webmvc.test.autoconfigure.AutoConfigureMockMvc;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.ContextConfiguration;

/**
 * A test against the whole portal and a real PostgreSQL. All such tests of a JVM share one context, so do not add
 * properties or mocks to a single test; the database is emptied after each test. Use {@link Fixtures} for tenants and
 * members, {@code MockMvc} for requests, {@link TestingClock} for time.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {"freehold.backup.files=true", "freehold.backup.largest-download=4MB"})
@AutoConfigureMockMvc
@Import({Fixtures.class, TestingClock.Bean.class})
@ContextConfiguration(initializers = EmptyDatabase.InFreshFolder.class)
@ExtendWith(EmptyDatabase.class)
public @interface PortalTest {}
