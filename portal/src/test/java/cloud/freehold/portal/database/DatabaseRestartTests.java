package cloud.freehold.portal.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;

import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;

/** PostgreSQL is killed while people work: what was confirmed is there, once; what was not says so and can be repeated. */
@PortalTest
class DatabaseRestartTests {

    private static final int CLIENTS = 4;
    private static final int CHANGES = 60;
    private static final int LAST_TRY = 2_000;

    @Autowired
    private EmbeddedPostgres server;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private final ConcurrentHashMap<Integer, AtomicInteger> answers = new ConcurrentHashMap<>();
    private final AtomicInteger done = new AtomicInteger();

    @Test
    void noChangeIsLostOrDoubled() throws Exception {
        Person anna = fixtures.owner("acme");
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        List<Future<?>> running = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            int number = client;
            running.add(clients.submit(() -> addPeople(anna, number)));
        }
        killAfter(CLIENTS * CHANGES / 4);
        killAfter(CLIENTS * CHANGES / 2);
        for (Future<?> client : running) {
            client.get(2, TimeUnit.MINUTES);
        }
        clients.shutdown();

        assertThat(answers.keySet()).containsAnyOf(503).isSubsetOf(201, 409, 503);
        assertThat(count("select count(*) from member")).isEqualTo(CLIENTS * CHANGES + 1);
        assertThat(count("select count(*) from audit_event where action = 'member.added'"))
                .isEqualTo(CLIENTS * CHANGES + 1);
        mvc.perform(get("/api/v1/tenants/acme/audit-events/verification").with(anna.signedIn()))
                .andExpect(jsonPath("$.firstBroken").isEmpty());
    }

    private Void addPeople(Person anna, int client) throws Exception {
        for (int i = 0; i < CHANGES; i++) {
            String body = "{\"email\": \"p%d-%d@acme.example\", \"role\": \"VIEWER\"}".formatted(client, i);
            int status = 503;
            // 409 after an answer that was lost: the first attempt had been committed.
            for (int attempt = 0; status != 201 && status != 409 && attempt < LAST_TRY; attempt++) {
                status = mvc.perform(post("/api/v1/tenants/acme/members")
                                .with(anna.signedIn())
                                .contentType("application/json")
                                .content(body))
                        .andReturn()
                        .getResponse()
                        .getStatus();
                answers.computeIfAbsent(status, any -> new AtomicInteger()).incrementAndGet();
            }
            done.incrementAndGet();
        }
        return null;
    }

    private void killAfter(int changes) throws InterruptedException {
        while (done.get() < changes) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        server.kill();
    }

    private long count(String sql) {
        return system.sql(sql).query(Long.class).single();
    }
}
