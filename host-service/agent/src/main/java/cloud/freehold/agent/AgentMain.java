package cloud.freehold.agent;

import cloud.freehold.agent.common.Backoff;
import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.agent.common.Json;
import cloud.freehold.agent.portal.Portal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code freehold-agent [--status] [FILE]}: FILE has the settings (see {@link AgentConfig}). Exit codes: 0 well, 1 not ready (with --status) or an error, 2 wrong
 * settings or an enrolment that needs somebody: starting again does not help.
 */
public final class AgentMain {
    private static final Logger LOG = LoggerFactory.getLogger(AgentMain.class);
    private static final int FAILED = 1;
    private static final int NEEDS_SOMEBODY = 2;

    public static void main(String[] arguments) {
        System.setProperty("jdk.httpclient.keepalive.timeout", "60");
        int code;
        try {
            code = run(List.of(arguments));
        } catch (AgentConfig.InvalidConfig e) {
            LOG.error(e.getMessage());
            code = NEEDS_SOMEBODY;
        } catch (IOException | IllegalStateException e) {
            LOG.error("The agent cannot run: {}", e.getMessage());
            code = FAILED;
        } catch (InterruptedException e) {
            code = FAILED;
        }
        System.exit(code);
    }

    private static int run(List<String> arguments) throws IOException, InterruptedException {
        var file = arguments.stream()
                .filter(argument -> !argument.startsWith("--"))
                .findFirst()
                .map(Path::of);
        var config = AgentConfig.load(file, System.getProperties());
        if (arguments.contains("--status")) {
            var status = StatusFile.read(config.stateDir());
            System.out.println(status.map(Json.MAPPER::writeValueAsString)
                    .orElse("no agent runs with the state directory " + config.stateDir()));
            return status.isPresent() && status.get().ready() ? 0 : FAILED;
        }
        return serve(config);
    }

    private static int serve(AgentConfig config) throws IOException, InterruptedException {
        DurableFiles.privateDirectory(config.stateDir());
        try (var lockFile = FileChannel.open(
                        config.stateDir().resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = lockFile.tryLock()) {
            if (lock == null) {
                LOG.error("Another agent runs with the state directory {}.", config.stateDir());
                return NEEDS_SOMEBODY;
            }
            var clock = Clock.systemUTC();
            var portal = enrolled(config, clock);
            if (portal.isEmpty()) {
                return NEEDS_SOMEBODY;
            }
            try (var agent = new Agent(config, portal.get(), clock)) {
                agent.start();
                LOG.info("Host {} serves {}.", portal.get().hostId(), config.portalUrl());
                awaitEnd(agent);
            }
            return 0;
        }
    }

    /** Waits for a portal that is not up yet; empty: it said no. */
    private static Optional<Portal> enrolled(AgentConfig config, Clock clock) throws InterruptedException {
        var backoff = new Backoff(Duration.ofMillis(300), Duration.ofSeconds(10), new Random());
        while (true) {
            try {
                return Optional.of(Portal.open(config, clock));
            } catch (IOException | RuntimeException e) {
                if (Portal.needsSomebody(e)) {
                    LOG.error(e.getMessage());
                    return Optional.empty();
                }
                if (backoff.failures() % 10 == 0) {
                    LOG.warn("Not enrolled yet, trying again: {}", e.getMessage());
                }
                Thread.sleep(backoff.failed().toMillis());
            }
        }
    }

    private static void awaitEnd(Agent agent) throws InterruptedException {
        var end = new CountDownLatch(1);
        var ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            end.countDown();
            agent.close();
            ended.countDown();
        }));
        end.await();
        ended.await();
    }

    private AgentMain() {}
}
