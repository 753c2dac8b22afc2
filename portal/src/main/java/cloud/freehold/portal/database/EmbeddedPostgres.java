package cloud.freehold.portal.database;

import cloud.freehold.portal.database.DatabaseAccess.Login;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server of the portal's own, for a single machine, demos and tests. Its data lives in a folder and
 * survives restarts. The server dies with the portal, also after {@code kill -9}, and then shuts down cleanly.
 */
final class EmbeddedPostgres implements AutoCloseable {

    static final String DATABASE = "freehold";

    private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final int RESTARTS = 30;
    private static final Duration RESTART_PAUSE = Duration.ofMillis(500);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

    private final EmbeddedPostgresFiles files;
    private final EmbeddedPostgresProperties properties;
    private final FileChannel lockChannel;
    private final int port;
    private final DatabaseAccess access;
    private PostgresProcess process;
    private boolean closed;

    EmbeddedPostgres(EmbeddedPostgresProperties properties, Path dir) {
        this.properties = properties;
        try {
            this.files = new EmbeddedPostgresFiles(dir);
            this.lockChannel = lock();
            Path binaries = EmbeddedPostgresBinaries.unpackOnce(files.binaries());
            initialise(binaries);
            PostgresProcess.awaitEndOfPrevious(files.data(), STOP_LIMIT);
            this.port = properties.port() == 0 ? freePort() : properties.port();
            this.process = startSupervised();
            this.access = new DatabaseAccess(
                    login("freehold_owner", DATABASE),
                    login("freehold_portal", DATABASE),
                    login("freehold_system", DATABASE));
            DatabaseBootstrap.run(login("postgres", "postgres"), access);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        log.info("Embedded PostgreSQL runs on port {} with its data in {}", port, files.data());
    }

    DatabaseAccess access() {
        return access;
    }

    /** The server's administrator; tests use it to clean up behind the append-only tables. */
    Login superuser() {
        return loginOrFail("postgres", DATABASE);
    }

    private Login loginOrFail(String role, String database) {
        try {
            return login(role, database);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Login login(String role, String database) throws IOException {
        String url = "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
        return new Login(url, role, files.password(role));
    }

    private FileChannel lock() throws IOException {
        FileChannel channel = FileChannel.open(files.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            held = null;
        }
        if (held == null) {
            channel.close();
            throw new IOException("Another portal already uses the database folder "
                    + files.data().getParent() + ". Stop it, or set freehold.postgres.embedded.dir to another folder.");
        }
        return channel;
    }

    private void initialise(Path binaries) throws IOException {
        if (Files.isDirectory(files.data())) {
            return;
        }
        EmbeddedPostgresFiles.deleteTree(files.unfinishedData());
        Path passwordFile = Files.createTempFile(
                files.log().getParent(),
                "initdb",
                ".tmp",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(passwordFile, files.password("postgres"));
            List<String> command = new ArrayList<>(PostgresProcess.unprivileged());
            command.addAll(List.of(
                    binaries.resolve("bin/initdb").toString(),
                    "--pgdata=" + files.unfinishedData(),
                    "--username=postgres",
                    "--pwfile=" + passwordFile,
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--data-checksums"));
            if (!properties.durable()) {
                command.add("--no-sync");
            }
            PostgresProcess.runToEnd(command, files.log(), START_LIMIT);
        } finally {
            Files.delete(passwordFile);
        }
        Files.move(files.unfinishedData(), files.data(), StandardCopyOption.ATOMIC_MOVE);
    }

    private List<String> command(Path binaries) {
        List<String> command = new ArrayList<>(PostgresProcess.unprivileged());
        // "unshare" must come first: a new user namespace clears the parent-death signal.
        command.addAll(List.of("setpriv", "--pdeathsig", "INT"));
        command.add(binaries.resolve("bin/postgres").toString());
        command.addAll(List.of("-D", files.data().toString(), "-p", Integer.toString(port)));
        setting(command, "listen_addresses", "127.0.0.1");
        setting(command, "unix_socket_directories", "");
        setting(command, "max_connections", "100");
        setting(command, "timezone", "UTC");
        setting(command, "log_timezone", "UTC");
        setting(command, "fsync", properties.durable() ? "on" : "off");
        setting(command, "full_page_writes", properties.durable() ? "on" : "off");
        return command;
    }

    private static void setting(List<String> command, String name, String value) {
        command.add("-c");
        command.add(name + "=" + value);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    /** Starts the server and, should it die without having been told to, starts it again. */
    private PostgresProcess startSupervised() throws IOException {
        PostgresProcess started = PostgresProcess.start(command(files.binaries()), files, START_LIMIT);
        started.onExit(this::restart);
        return started;
    }

    private synchronized void restart() {
        if (closed) {
            return;
        }
        log.error("PostgreSQL ended by itself; starting it again. Its reasons are in {}", files.log());
        for (int attempt = 1; attempt <= RESTARTS; attempt++) {
            try {
                process = startSupervised();
                return;
            } catch (IOException e) {
                // Processes of the dead server may hold its memory for a moment longer.
                log.warn("PostgreSQL does not start again yet (attempt {} of {})", attempt, RESTARTS, e);
                sleep(RESTART_PAUSE.toMillis());
            }
        }
        log.error("PostgreSQL could not be started again; restart the portal. Its log is {}", files.log());
    }

    /** As a crash would end it; for fault tests. */
    void kill() {
        process.kill();
    }

    @Override
    public void close() throws IOException {
        PostgresProcess last;
        synchronized (this) {
            closed = true;
            last = process;
        }
        if (!last.stop(STOP_LIMIT)) {
            log.warn("PostgreSQL did not stop within {}; it goes on shutting down by itself", STOP_LIMIT);
        }
        lockChannel.close();
    }

    static void sleep(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for PostgreSQL", e);
        }
    }
}
