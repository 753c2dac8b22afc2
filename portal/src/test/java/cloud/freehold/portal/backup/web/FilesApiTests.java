package cloud.freehold.portal.backup.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

import cloud.freehold.portal.backup.BackupScene;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.MediaType;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A program looks into a point and takes a file out of it. */
@PortalTest
class FilesApiTests {

    private static final JsonMapper JSON = JsonMapper.shared();

    @Autowired
    private Fixtures fixtures;

    @RegisterExtension
    private final BackupScene acme = BackupScene.withPoint();

    private String api(String tenant, String rest) {
        return "/api/v1/tenants/" + tenant + "/recovery-points/" + acme.point().id() + rest;
    }

    private MockHttpServletResponse ask(Person who, String what, String body) throws Exception {
        return acme.send(
                who,
                post(api(who.slug(), what))
                        .contentType(MediaType.APPLICATION_JSON)
                        .content(body));
    }

    private static JsonNode json(MockHttpServletResponse answer) throws IOException {
        return JSON.readTree(answer.getContentAsString());
    }

    /** The operation, which the host has carried out. */
    private String done(String what, String body) throws Exception {
        MockHttpServletResponse accepted = ask(acme.anna(), what, body);
        assertThat(accepted.getStatus()).as(accepted.getContentAsString()).isEqualTo(202);
        String id = json(accepted).path("id").asString();
        assertThat(accepted.getHeader("Location")).endsWith("/operations/" + id);
        acme.hostFollows();
        return id;
    }

    @Test
    void folderIsOpenedReadAndAFileOfItDownloaded() throws Exception {
        MockHttpServletResponse early = acme.send(acme.anna(), get(api("acme", "/files")));
        assertThat(early.getStatus()).isEqualTo(409);
        assertThat(json(early).path("code").asString()).isEqualTo("files.look-first");

        done("/files/open", "{}");
        JsonNode top = json(acme.send(acme.anna(), get(api("acme", "/files"))));
        assertThat(top.path("path").asString()).isEqualTo("/");
        assertThat(top.path("entries").get(0).path("path").asString()).isEqualTo("/partition-1");
        assertThat(top.path("entries").get(0).path("kind").asString()).isEqualTo("FOLDER");

        done("/files/open", "{\"path\": \"/partition-1\"}");
        JsonNode file = json(acme.send(acme.anna(), get(api("acme", "/files?path=/partition-1"))))
                .path("entries")
                .get(1);
        assertThat(file.path("sizeBytes").asInt()).isEqualTo(5);
        String fetch = "{\"path\": \"" + file.path("path").asString() + "\"}";
        String fetched = done("/files/fetch", fetch);
        JsonNode listed = json(acme.send(acme.anna(), get(api("acme", "/fetched-files"))))
                .path("items")
                .get(0);
        assertThat(listed.path("operation").path("id").asString()).isEqualTo(fetched);
        assertThat(listed.path("ready").asBoolean()).isTrue();
        MockHttpServletResponse saved = acme.send(acme.anna(), get(api("acme", "/fetched-files/" + fetched)));
        assertThat(saved.getContentAsString()).isEqualTo("hello");
        assertThat(saved.getContentType()).isEqualTo("application/octet-stream");
        assertThat(saved.getHeader("Content-Disposition")).startsWith("attachment;");

        assertThat(acme.send(acme.anna(), delete(api("acme", "/fetched-files/" + fetched)))
                        .getStatus())
                .isEqualTo(204);
        assertThat(acme.send(acme.anna(), get(api("acme", "/fetched-files/" + fetched)))
                        .getStatus())
                .isEqualTo(404);
    }

    @Test
    void fetchThatIsAskedForTwiceIsOne() throws Exception {
        done("/files/open", "{\"path\": \"/partition-1\"}");
        MockHttpServletRequestBuilder fetch = post(api("acme", "/files/fetch"))
                .contentType(MediaType.APPLICATION_JSON)
                .content("{\"path\": \"/partition-1/hello.txt\"}")
                .header("Idempotency-Key", "once");
        String first = json(acme.send(acme.anna(), fetch)).path("id").asString();
        assertThat(json(acme.send(acme.anna(), fetch)).path("id").asString()).isEqualTo(first);
    }

    @Test
    void whatIsNotThereOrAnothersIsNotFound() throws Exception {
        done("/files/open", "{\"path\": \"/partition-1\"}");
        String fetched = done("/files/fetch", "{\"path\": \"/partition-1/hello.txt\"}");
        assertThat(ask(acme.anna(), "/files/open", "{\"volumeId\": \"" + UUID.randomUUID() + "\"}")
                        .getStatus())
                .isEqualTo(404);
        assertThat(ask(acme.anna(), "/files/open", "{\"path\": \"/a/../b\"}").getStatus())
                .isEqualTo(422);
        assertThat(ask(acme.anna(), "/files/fetch", "{\"path\": \"/partition-1/nothing\"}")
                        .getStatus())
                .isEqualTo(404);
        Person gina = fixtures.owner("globex");
        assertThat(ask(gina, "/files/open", "{}").getStatus()).isEqualTo(404);
        assertThat(ask(gina, "/files/fetch", "{\"path\": \"/partition-1/hello.txt\"}")
                        .getStatus())
                .isEqualTo(404);
        for (String rest :
                new String[] {"/files", "/files?path=/partition-1", "/fetched-files", "/fetched-files/" + fetched}) {
            assertThat(acme.send(gina, get(api("globex", rest))).getStatus())
                    .as(rest)
                    .isEqualTo(404);
        }
        assertThat(acme.send(gina, delete(api("globex", "/fetched-files/" + fetched)))
                        .getStatus())
                .isEqualTo(404);
        assertThat(acme.send(acme.anna(), get(api("acme", "/fetched-files/" + fetched)))
                        .getContentAsString())
                .isEqualTo("hello");
    }

    @Test
    void viewersLookAndDoNotTake() throws Exception {
        Person vera = fixtures.viewer("acme");
        assertThat(ask(vera, "/files/open", "{}").getStatus()).isEqualTo(202);
        acme.hostFollows();
        assertThat(acme.send(vera, get(api("acme", "/files"))).getStatus()).isEqualTo(200);
        assertThat(ask(vera, "/files/fetch", "{\"path\": \"/partition-1\"}").getStatus())
                .isEqualTo(403);
    }
}
