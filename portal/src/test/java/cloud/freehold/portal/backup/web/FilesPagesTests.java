package cloud.freehold.portal.backup.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

import cloud.freehold.api.AgentPaths;
import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.CommandResult.FilesListed;
import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import cloud.freehold.api.command.CommandResult.FilesListed.Kind;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.BackupScene;
import cloud.freehold.portal.backup.schedule.SweepNow;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.portal.testing.TestingClock;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

/** Looking into a point and getting files out of it: from the page to the host and back. */
@PortalTest
class FilesPagesTests {

    private static final int MIB = 1 << 20;

    @Autowired
    private ApplicationContext context;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private TestingClock clock;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    @RegisterExtension
    private final BackupScene acme = BackupScene.withPoint();

    private String files(String rest) {
        return "/t/acme/backups/points/" + acme.point().id() + "/files" + rest;
    }

    private String page(String path) throws Exception {
        MockHttpServletResponse answer = acme.send(acme.anna(), get(files("")).param("path", path));
        assertThat(answer.getStatus()).isEqualTo(200);
        assertThat(answer.getContentAsString()).contains("<!DOCTYPE html>").doesNotContain(" style=");
        return answer.getContentAsString();
    }

    private MockHttpServletResponse order(Person who, String what, String path) throws Exception {
        return acme.send(
                who,
                post(files(what))
                        .param(
                                "volume",
                                acme.point().volumes().get(0).volumeId().toString())
                        .param("path", path)
                        .param("key", UUID.randomUUID().toString()));
    }

    /** As the host lists it. */
    private void open(String path) throws Exception {
        assertThat(order(acme.anna(), "/open", path).getStatus()).isEqualTo(302);
        acme.hostFollows();
    }

    private UUID fetch(String path) throws Exception {
        MockHttpServletResponse answer = order(acme.anna(), "/fetch", path);
        assertThat(answer.getStatus()).as(answer.getContentAsString()).isEqualTo(302);
        return system.sql("select operation_id from fetched_file order by operation_id desc limit 1")
                .query(UUID.class)
                .single();
    }

    private MockHttpServletResponse download(Person who, UUID operation) throws Exception {
        return acme.send(who, get(files("/fetched/" + operation)));
    }

    private long pieces() {
        return system.sql("select count(*) from fetched_piece")
                .query(Long.class)
                .single();
    }

    private String failure(UUID operation) {
        return system.sql("select coalesce(error_code, state) from operation where id = ?")
                .params(operation)
                .query(String.class)
                .single();
    }

    /** The host lists this and otherwise does as it is told. */
    private void hostLists(Entry... entries) {
        acme.host().onCommand(command -> {
            if (!(command instanceof HostCommand.ListFiles)) {
                return acme.host().done(command);
            }
            try {
                HttpResponse<String> answer = acme.host()
                        .client()
                        .post(AgentPaths.COMMANDS + "/" + command.id(), done(new FilesListed(List.of(entries), false)));
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(204);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return null;
        });
    }

    private static CommandProgress done(CommandResult result) {
        return new CommandProgress(Status.DONE, 100, "", null, Instant.now(), null, result);
    }

    private static Entry file(String name, long size) {
        return new Entry(name, Kind.FILE, size, 1_700_000_000);
    }

    @Test
    void foldersAreWalkedAndAFileIsSaved() throws Exception {
        assertThat(page("/")).contains("Open the folder").contains("hx-trigger=\"load, submit\"");
        order(acme.anna(), "/open", "/");
        assertThat(page("/"))
                .contains("waits for a host")
                .contains("look again")
                .contains("Cancel");
        acme.hostFollows();
        assertThat(page("/")).contains("Partition 1").contains("File system").doesNotContain("Open the folder");
        open("/partition-1");
        assertThat(page("/partition-1")).contains("hello.txt").contains("5 B").contains("Download as tar");

        UUID hello = fetch("/partition-1/hello.txt");
        assertThat(page("/partition-1")).contains("hello.txt").contains("queued");
        assertThat(download(acme.anna(), hello).getStatus()).isEqualTo(409);
        acme.hostFollows();
        assertThat(page("/partition-1")).contains("ready").contains("/fetched/" + hello);
        MockHttpServletResponse saved = download(acme.anna(), hello);
        assertThat(saved.getContentAsString()).isEqualTo("hello");
        assertThat(saved.getContentType()).isEqualTo("application/octet-stream");
        assertThat(saved.getHeader("Content-Disposition"))
                .startsWith("attachment;")
                .contains("hello.txt");
        assertThat(saved.getHeader("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(saved.getHeader("Cache-Control")).contains("no-store");
        assertThat(system.sql(
                                "select action || ' ' || (after ->> 'path') from audit_event where action like 'file.%' order by sequence")
                        .query(String.class)
                        .list())
                .containsExactly("file.requested /partition-1/hello.txt", "file.downloaded /partition-1/hello.txt");

        clock.advance(Duration.ofMinutes(6));
        SweepNow.run(context);
        assertThat(download(acme.anna(), hello).getStatus()).isEqualTo(404);
        assertThat(pieces()).isZero();
    }

    @Test
    void folderComesAsATar() throws Exception {
        open("/partition-1");
        UUID etc = fetch("/partition-1/etc");
        acme.hostFollows();
        assertThat(download(acme.anna(), etc).getHeader("Content-Disposition")).contains("etc.tar");
        HostCommand last =
                acme.host().commandsSeen().get(acme.host().commandsSeen().size() - 1);
        assertThat(last).isInstanceOfSatisfying(HostCommand.FetchFile.class, command -> {
            assertThat(command.path()).isEqualTo("/partition-1/etc");
            assertThat(command.volume().root())
                    .isEqualTo(acme.point().volumes().get(0).root());
            assertThat(acme.host().inputs().get(command.id()).pinned())
                    .contains(command.volume().root());
        });
    }

    /** Sizes beside the borders of the parts that it is taken in. */
    @ParameterizedTest
    @ValueSource(ints = {0, MIB - 1, MIB, 2 * MIB, 2 * MIB + 12_345})
    void whatComesIsWhatWasSentAndLiesSealedMeanwhile(int size) throws Exception {
        open("/partition-1");
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        acme.host().onCommand(command -> send(command.id(), bytes));
        UUID hello = fetch("/partition-1/hello.txt");
        acme.hostFollows();
        assertThat(download(acme.anna(), hello).getContentAsByteArray()).isEqualTo(bytes);
        if (size > MIB) {
            byte[] stored = system.sql("select sealed from fetched_piece where number = 1")
                    .query((row, number) -> row.getBytes(1))
                    .single();
            String start = new String(bytes, MIB, 16, StandardCharsets.ISO_8859_1);
            assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain(start);
        }
    }

    private CommandProgress send(UUID command, byte[] bytes) {
        try {
            acme.host().output(command, new ByteArrayInputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return done(null);
    }

    @Test
    void whatIsTooLargeIsRefusedBeforeAndWhileItComes() throws Exception {
        hostLists(file("huge.img", 5L * MIB), new Entry("logs", Kind.FOLDER, 0, 0));
        open("/partition-1");
        MockHttpServletResponse answer = order(acme.anna(), "/fetch", "/partition-1/huge.img");
        assertThat(answer.getStatus()).isEqualTo(302);
        assertThat(pieces()).isZero();
        acme.host().onCommand(command -> send(command.id(), new byte[6 * MIB]));
        UUID logs = fetch("/partition-1/logs");
        acme.hostFollows();
        assertThat(failure(logs)).isEqualTo("files.too-large");
        assertThat(pieces()).isZero();
        assertThat(page("/partition-1")).contains("restore the volume to a VM");
        assertThat(download(acme.anna(), logs).getStatus()).isEqualTo(409);
    }

    @Test
    void halfAFileIsNone() throws Exception {
        open("/partition-1");
        acme.host().onCommand(command -> done(null));
        UUID hello = fetch("/partition-1/hello.txt");
        acme.hostFollows();
        assertThat(failure(hello)).isEqualTo("host.file-incomplete");
        assertThat(page("/partition-1")).contains("Download it again").contains(">host.file-incomplete<");
    }

    @Test
    void outputThatBreaksOffIsNoFile() throws Exception {
        open("/partition-1");
        acme.host().onCommand(command -> null);
        UUID hello = fetch("/partition-1/hello.txt");
        acme.hostFollows();
        InputStream broken = new InputStream() {
            private int left = 2 * MIB + 5;

            @Override
            public int read() throws IOException {
                if (left-- > 0) {
                    return 7;
                }
                throw new IOException("the guest is gone");
            }
        };
        assertThatThrownBy(() -> acme.host().output(hello, broken)).isInstanceOf(IOException.class);
        acme.host().progress(hello, done(null));
        assertThat(failure(hello)).isEqualTo("host.file-incomplete");
        assertThat(pieces()).isZero();
    }

    @Test
    void cancellingGivesUpAtTheHostAndKeepsNothing() throws Exception {
        open("/partition-1");
        acme.host().onCommand(command -> null);
        UUID hello = fetch("/partition-1/hello.txt");
        acme.hostFollows();
        order(acme.anna(), "/fetched/" + hello + "/remove", "/partition-1");
        assertThat(failure(hello)).isEqualTo("CANCELLED");
        assertThat(acme.host().output(hello, new ByteArrayInputStream(new byte[10])))
                .isEqualTo(410);
        assertThat(pieces()).isZero();
        assertThat(page("/partition-1")).doesNotContain("Downloads");
    }

    @Test
    void openingAnotherFolderGivesUpTheFirst() throws Exception {
        acme.host().onCommand(command -> null);
        order(acme.anna(), "/open", "/partition-1");
        order(acme.anna(), "/open", "/partition-1");
        assertThat(openings()).containsExactly("QUEUED");
        order(acme.anna(), "/open", "/partition-1/etc");
        assertThat(openings()).containsExactly("CANCELLED", "QUEUED");
        order(acme.anna(), "/stop", "/partition-1/etc");
        assertThat(openings()).containsExactly("CANCELLED", "CANCELLED");
        assertThat(page("/partition-1/etc"))
                .contains("given up")
                .contains("Try again")
                .doesNotContain("load, submit");
    }

    private List<String> openings() {
        return system.sql("select state from operation where kind = 'FILES_LIST' order by id")
                .query(String.class)
                .list();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            NO_FILE_SYSTEM      | host.no-file-system      | Restore the volume to a VM
            ENCRYPTED           | host.encrypted           | Restore the volume to a VM
            FILE_SYSTEM_DAMAGED | host.file-system-damaged | Look into an earlier point
            STORE_DAMAGED       | host.store-damaged       | Look into another point
            NOT_THERE           | host.not-there           | Go to the folder above
            TIMED_OUT           | host.timed-out           | tell the provider the code
            """)
    void failureSaysWhyAndWhatToDo(ProblemCode problem, String code, String next) throws Exception {
        hostFails(problem, "That could not be read.");
        open("/partition-1/srv");
        assertThat(page("/partition-1/srv"))
                .contains("That could not be read.")
                .contains(">" + code + "<")
                .contains(next)
                .contains("Try again")
                .doesNotContain("load, submit");
    }

    @Test
    void whoMayNotRestoreIsToldWhoMay() throws Exception {
        hostFails(ProblemCode.ENCRYPTED, "The volume is encrypted.");
        open("/");
        assertThat(page("/"))
                .contains("points/" + acme.point().id() + "/restore")
                .doesNotContain("Ask an operator");
        assertThat(acme.send(fixtures.viewer("acme"), get(files(""))).getContentAsString())
                .contains("Ask an operator of the tenant to restore the volume to a VM")
                .doesNotContain("/restore\"");
    }

    private void hostFails(ProblemCode problem, String message) {
        acme.host()
                .onCommand(command -> new CommandProgress(
                        Status.FAILED, 20, "", new Problem(problem, message, Instant.now()), Instant.now()));
    }

    @Test
    void hostThatIsAwayIsNotWaitedFor() throws Exception {
        clock.advance(Duration.ofMinutes(2));
        order(acme.anna(), "/open", "/");
        assertThat(openings()).isEmpty();
        MockHttpServletResponse shown = mvc.perform(post(files("/open"))
                        .with(acme.anna().signedIn())
                        .param(
                                "volume",
                                acme.point().volumes().get(0).volumeId().toString())
                        .param("path", "/"))
                .andExpect(
                        result -> assertThat(result.getFlashMap().get("refused").toString())
                                .contains("No host that reaches the store main answers"))
                .andReturn()
                .getResponse();
        assertThat(shown.getStatus()).isEqualTo(302);
    }

    @Test
    void viewersLookAndDoNotTake() throws Exception {
        Person vera = fixtures.viewer("acme");
        assertThat(order(vera, "/open", "/partition-1").getStatus()).isEqualTo(302);
        acme.hostFollows();
        assertThat(acme.send(vera, get(files("")).param("path", "/partition-1")).getContentAsString())
                .contains("hello.txt")
                .doesNotContain("/fetch\"");
        assertThat(order(vera, "/fetch", "/partition-1/hello.txt").getStatus()).isEqualTo(403);
        UUID hello = fetch("/partition-1/hello.txt");
        acme.hostFollows();
        assertThat(download(vera, hello).getStatus()).isEqualTo(403);
    }

    @Test
    void anothersPointIsNotThere() throws Exception {
        open("/partition-1");
        UUID hello = fetch("/partition-1/hello.txt");
        acme.hostFollows();
        Person gina = fixtures.owner("globex");
        String theirs = files("").replace("/acme/", "/globex/");
        String volume = acme.point().volumes().get(0).volumeId().toString();
        assertThat(acme.send(gina, get(theirs)).getStatus()).isEqualTo(404);
        for (String what : new String[] {"/open", "/stop", "/fetch", "/fetched/" + hello + "/remove"}) {
            MockHttpServletRequestBuilder request =
                    post(theirs + what).param("volume", volume).param("path", "/partition-1/hello.txt");
            assertThat(acme.send(gina, request).getStatus()).as(what).isEqualTo(404);
        }
        assertThat(acme.send(gina, get(theirs + "/fetched/" + hello)).getStatus())
                .isEqualTo(404);
        assertThat(acme.send(
                                acme.anna(),
                                get(files("")).param("volume", UUID.randomUUID().toString()))
                        .getStatus())
                .isEqualTo(404);
        assertThat(acme.send(acme.anna(), get(files("")).param("path", "/partition-1/../../etc"))
                        .getStatus())
                .isEqualTo(422);
    }

    @Test
    void namesOutOfGuestsAreTextAlone() throws Exception {
        hostLists(
                file("<script>alert(1)", 1),
                file("a\"; filename=b\r\nSet-Cookie: c", 1),
                file("..", 1),
                file("a/b", 1),
                file("tab\t", 1),
                new Entry("late", Kind.FOLDER, -5, Long.MAX_VALUE));
        open("/partition-1");
        String shown = page("/partition-1");
        assertThat(shown)
                .contains("&lt;script&gt;")
                .doesNotContain("<script>alert")
                .contains("4 entries");
        UUID odd = fetch("/partition-1/a\"; filename=b??Set-Cookie: c");
        acme.hostFollows();
        String saved = download(acme.anna(), odd).getHeader("Content-Disposition");
        assertThat(saved).startsWith("attachment;").doesNotContain("\r").doesNotContain("\"; filename=b");
        assertThat(SavedAs.clean("photo\u202egpj.exe")).isEqualTo("photogpj.exe");
        assertThat(SavedAs.clean("../../x")).isEqualTo("__.._x");
        assertThat(SavedAs.clean("\u200b")).isEqualTo("file");
    }

    @Test
    void largeFoldersAreSortedFilteredAndPaged() throws Exception {
        List<Entry> many = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            many.add(new Entry("f" + i, Kind.FILE, 1_000 - i, 1_000_000 + i));
        }
        many.add(new Entry("zoo", Kind.FOLDER, 0, 0));
        hostLists(many.toArray(Entry[]::new));
        open("/partition-1");
        assertThat(page("/partition-1"))
                .contains("Page 1 of 3")
                .contains("251 entries")
                .contains(">zoo<");
        String query = files("?path=/partition-1&sort=size&down=true&q=F24&page=1");
        assertThat(acme.send(acme.anna(), get(query)).getContentAsString().replaceAll("(?s).*<tbody>|</tbody>.*", ""))
                .containsSubsequence(">f24<", ">f240<", ">f249<")
                .doesNotContain(">f25<");
        for (String bad : new String[] {"0", "-1", "x", "99999999999", "7"}) {
            assertThat(acme.send(acme.anna(), get(files("?path=/partition-1&page=" + bad)))
                            .getStatus())
                    .isEqualTo(200);
        }
    }

    @Test
    void onlySoManyWait() throws Exception {
        hostLists(file("a", 1), file("b", 1), file("c", 1), file("d", 1), file("e", 1), file("f", 1));
        open("/partition-1");
        for (String name : new String[] {"a", "b", "c", "d", "e"}) {
            fetch("/partition-1/" + name);
            acme.hostFollows();
        }
        order(acme.anna(), "/fetch", "/partition-1/f");
        assertThat(system.sql("select count(*) from fetched_file")
                        .query(Long.class)
                        .single())
                .isEqualTo(5);
        clock.advance(Duration.ofMinutes(61));
        SweepNow.run(context);
        assertThat(pieces()).isZero();
    }

    @Test
    void pointThatWasRemovedIsNotLookedInto() throws Exception {
        acme.send(acme.anna(), post("/t/acme/backups/points/" + acme.point().id() + "/remove"));
        assertThat(page("/")).contains("Bring it back").doesNotContain("load, submit");
        order(acme.anna(), "/open", "/");
        assertThat(openings()).isEmpty();
    }
}
