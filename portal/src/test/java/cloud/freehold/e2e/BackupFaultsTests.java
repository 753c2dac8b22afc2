package cloud.freehold.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * The portal, its PostgreSQL and the agent are killed in the middle of backups, removals, restores and collections: what is listed
 * afterwards holds what it held, nothing goes on for ever, and the guest is alive. The long form is {@code ./freehold soak backup}.
 */
@EndToEnd
class BackupFaultsTests {

    private static final int FAULTS = Integer.parseInt(
            Optional.ofNullable(System.getenv("FREEHOLD_FAULTS")).orElse("4"));
    private static final Duration ENDED = Duration.ofMinutes(5);
    private static final Duration ALIVE = Duration.ofMinutes(2);
    private static final int KEPT_POINTS = 3;
    private static final int TRIES = 3;
    private static final String FOLDER = "/partition-1";
    private static final Set<String> OPEN = Set.of("WAITING", "QUEUED", "RUNNING");

    /** And after how many milliseconds most are over. */
    private enum Work {
        BACKUP(600),
        RESTORE(6_000),
        REMOVAL_AND_COLLECTION(300);

        private final int millis;

        Work(int millis) {
            this.millis = millis;
        }
    }

    private enum Victim {
        PORTAL,
        POSTGRESQL,
        AGENT
    }

    private record Fault(Work work, Victim victim) {}

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final Set<String> written = new TreeSet<>();
    private Guest db;
    private Api api;

    @BeforeEach
    void aFirstPoint() {
        db = acme.db();
        api = new Api(acme.page());
        backUp("first");
        awaitNothingOpen();
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void whateverDiesWhatIsListedHoldsWhatItHeld() {
        System.out.println("seed " + seed);
        Deque<Fault> deck = new ArrayDeque<>();
        for (int i = 0; i < FAULTS; i++) {
            if (deck.isEmpty()) {
                deck.addAll(all());
            }
            Fault fault = deck.pop();
            boolean hit = false;
            for (int tries = 0; !hit && tries < TRIES; tries++) {
                hit = suffer("fault-" + i + "-" + tries, fault);
            }
        }
        points().forEach(this::check);
    }

    private List<Fault> all() {
        List<Fault> all = new ArrayList<>();
        for (Work work : Work.values()) {
            for (Victim victim : Victim.values()) {
                all.add(new Fault(work, victim));
            }
        }
        Collections.shuffle(all, random);
        return all;
    }

    /** @return false: it was over already */
    private boolean suffer(String name, Fault fault) {
        Set<String> before = operations().keySet();
        begin(fault.work(), name);
        pause(random.nextInt(fault.work().millis));
        boolean hit = operations().values().stream().anyMatch(BackupFaultsTests::isOpen);
        kill(fault.victim());
        Map<String, JsonNode> after = awaitNothingOpen();
        after.keySet().removeAll(before);
        after.values().forEach(operation -> {
            System.out.printf(
                    "%s: %s, %s killed%s, %s %s %s%n",
                    name,
                    fault.work(),
                    fault.victim(),
                    hit ? "" : " too late",
                    operation.path("kind").asString(),
                    operation.path("state").asString(),
                    operation.path("errorMessage").asString(""));
            if (operation.path("state").asString().equals("FAILED")) {
                assertThat(operation.path("errorMessage").asString("")).isNotBlank();
                assertThat(operation.path("errorCode").asString("")).isNotEqualTo("host.internal");
            }
        });
        assertThat(after).as("operations of the fault").isNotEmpty();
        awaitAlive();
        return hit;
    }

    private void begin(Work work, String mark) {
        switch (work) {
            case BACKUP -> backUp(mark);
            case RESTORE ->
                api.begin(
                        "/recovery-points/" + points().get(0).path("id").asString() + "/restore",
                        Map.of("forceOff", true));
            case REMOVAL_AND_COLLECTION -> {
                List<JsonNode> points = points();
                for (JsonNode point : points.subList(Math.min(KEPT_POINTS, points.size()), points.size())) {
                    api.delete("/recovery-points/" + point.path("id").asString());
                }
                String store = api.get("/backup-stores")
                        .path("items")
                        .path(0)
                        .path("id")
                        .asString();
                api.submit("/t/acme/backups/stores/" + store + "/collect");
            }
        }
    }

    /** Of something new, so that it takes a while; its note is what it holds. */
    private void backUp(String mark) {
        written.add(mark);
        db.run(
                "dd if=/dev/urandom of=/srv/new bs=64k count=300 2>/dev/null; echo " + mark + " >/srv/proof && sync",
                ALIVE);
        api.begin("/vms/" + db.vm() + "/backups", Map.of("note", mark));
    }

    private void kill(Victim victim) {
        switch (victim) {
            case PORTAL -> Part.PORTAL.kill();
            case POSTGRESQL -> Postgres.kill();
            case AGENT -> Part.AGENT.kill();
        }
        Part.PORTAL.awaitRunning();
        Part.AGENT.awaitRunning();
        Portal.awaitReady();
    }

    /** Newest first. */
    private List<JsonNode> points() {
        List<JsonNode> points = new ArrayList<>();
        api.get("/recovery-points?limit=200&vm=" + db.vm()).path("items").forEach(points::add);
        return points;
    }

    private Map<String, JsonNode> operations() {
        Map<String, JsonNode> operations = new LinkedHashMap<>();
        api.get("/operations?limit=50")
                .path("items")
                .forEach(operation -> operations.put(operation.path("id").asString(), operation));
        return operations;
    }

    private static boolean isOpen(JsonNode operation) {
        return OPEN.contains(operation.path("state").asString());
    }

    private Map<String, JsonNode> awaitNothingOpen() {
        return Await.until(
                "no operation is open",
                ENDED,
                this::operations,
                operations -> operations.values().stream().noneMatch(BackupFaultsTests::isOpen));
    }

    /** A frozen guest could not write, a paused one not answer. */
    private void awaitAlive() {
        Await.until(
                "the guest writes",
                ALIVE,
                () -> db.output("echo alive >/srv/alive && sync && cat /srv/alive")
                        .equals("alive"));
        assertThat(written).contains(db.output("cat /srv/proof"));
    }

    /** Reads it whole, and brings a file back from it. */
    private void check(JsonNode point) {
        String path = "/recovery-points/" + point.path("id").asString();
        assertThat(awaitEnd(api.begin(path + "/verify", Map.of()))).isEqualTo("DONE");
        assertThat(api.get(path + "/damages").path("items"))
                .as("damages of " + point)
                .isEmpty();
        assertThat(awaitEnd(api.begin(path + "/files/open", Map.of("path", FOLDER))))
                .isEqualTo("DONE");
        UUID fetched = api.begin(path + "/files/fetch", Map.of("path", FOLDER + "/proof"));
        assertThat(awaitEnd(fetched)).isEqualTo("DONE");
        String proof = new String(api.bytes(path + "/fetched-files/" + fetched), StandardCharsets.UTF_8).strip();
        String note = point.path("note").asString("");
        if (written.contains(note)) {
            assertThat(proof).as("what the point of " + note + " holds").isEqualTo(note);
        } else {
            assertThat(written).contains(proof);
        }
    }

    private String awaitEnd(UUID operation) {
        return Await.until(
                        "the end of " + operation,
                        ENDED,
                        () -> api.get("/operations/" + operation),
                        answer -> !isOpen(answer))
                .path("state")
                .asString();
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
