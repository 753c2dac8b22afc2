package cloud.freehold.portal.database;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.testing.PortalTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/**
 * The migrations, run on an empty database, give exactly {@code db/schema.golden.sql}. Whoever adds a migration sees
 * here what it really changes, grants and policies included.
 */
@PortalTest
class GoldenSchemaTests {

    @Autowired
    private EmbeddedPostgres server;

    @Test
    void migrationsGiveTheGoldenSchema() throws SQLException, IOException {
        Path golden = Path.of("..", "db", "schema.golden.sql");
        String actual = SchemaText.of(server.superuser());
        Path written = Files.writeString(Path.of("target", "schema.actual.sql"), actual);
        assertThat(actual)
                .as("If the change is meant: cp portal/%s db/schema.golden.sql", written)
                .isEqualTo(Files.readString(golden));
    }
}
