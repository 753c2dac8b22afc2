package cloud.freehold.portal.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.patch;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.request;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;

/** The pages and the API of VMs, operations, networks and the overview. */
@PortalTest
class VmPagesTests {

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Vms vms;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;
    private Catalog catalog;

    @BeforeEach
    void acme() {
        otto = fixtures.operator("acme");
        catalog = new Catalog(system);
    }

    private Operation web() {
        return fixtures.as(otto, () -> vms.create(otto.tenant(), catalog.vm("web"), null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/vms", "/vms/new", "/operations", "/operations?state=failed", "/networks"})
    void pagesWorkForATenantThatHasNothing(String page) throws Exception {
        mvc.perform(get("/t/acme" + page).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("<!DOCTYPE html>")));
    }

    @Test
    void pagesShowAVmAndItsParts() throws Exception {
        Operation created = web();
        String vm = "/t/acme/vms/" + created.targetId();
        for (String page : new String[] {
            "/t/acme/",
            "/t/acme/vms",
            vm,
            vm + "/network",
            vm + "/firewall",
            vm + "/operations",
            vm + "/settings",
            "/t/acme/operations",
            "/t/acme/operations/" + created.id(),
            "/t/acme/networks"
        }) {
            String shown = page.endsWith("/networks") ? "10.0.0.0/24" : "web";
            mvc.perform(get(page).with(otto.signedIn()))
                    .andExpect(status().isOk())
                    .andExpect(content().string(containsString(shown)));
        }
    }

    @Test
    void fragmentCarriesNoShell() throws Exception {
        Operation created = web();
        for (String page : new String[] {
            "/t/acme/vms",
            "/t/acme/",
            "/t/acme/operations",
            "/t/acme/vms/" + created.targetId() + "/status",
            "/t/acme/vms/" + created.targetId() + "/nics",
            "/t/acme/operations/" + created.id()
        }) {
            mvc.perform(get(page)
                            .with(otto.signedIn())
                            .header("HX-Request", "true")
                            .header("HX-Request-Type", "partial"))
                    .andExpect(status().isOk())
                    .andExpect(content().string(not(containsString("<html"))))
                    .andExpect(content().string(containsString("hx-trigger")));
        }
    }

    @Test
    void vmIsCreatedFromTheFormAndTheFormSentTwiceCreatesOne() throws Exception {
        for (int i = 0; i < 2; i++) {
            mvc.perform(post("/t/acme/vms")
                            .with(otto.signedIn())
                            .param("name", "web")
                            .param("image", catalog.image.toString())
                            .param("flavor", catalog.small.toString())
                            .param("key", "once"))
                    .andExpect(status().is3xxRedirection());
        }
        assertThat(fixtures.as(otto, () -> vms.list(otto.tenant()))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Web", "-x", "web_1", "a'; drop table vm", "wéb"})
    void wrongNameIsSaidBesideItsField(String name) throws Exception {
        mvc.perform(post("/t/acme/vms")
                        .with(otto.signedIn())
                        .param("name", name)
                        .param("image", catalog.image.toString())
                        .param("flavor", catalog.small.toString()))
                .andExpect(status().is4xxClientError())
                .andExpect(content().string(containsString("fh-error")));
        assertThat(fixtures.as(otto, () -> vms.list(otto.tenant()))).isEmpty();
    }

    @Test
    void textThatNoFieldCanHoldIsRefusedAtTheDoor() throws Exception {
        mvc.perform(post("/t/acme/vms")
                        .with(otto.signedIn())
                        .param("name", "x\u0000")
                        .param("image", catalog.image.toString())
                        .param("flavor", catalog.small.toString()))
                .andExpect(status().isBadRequest());
        assertThat(fixtures.as(otto, () -> vms.list(otto.tenant()))).isEmpty();
    }

    @Test
    void viewerSeesButCannotChange() throws Exception {
        Operation created = web();
        Person vera = fixtures.viewer("acme");
        String vm = "/t/acme/vms/" + created.targetId();
        mvc.perform(get(vm).with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("/stop"))));
        mvc.perform(post(vm + "/stop").with(vera.signedIn())).andExpect(status().isForbidden());
        mvc.perform(get("/t/acme/vms/new").with(vera.signedIn())).andExpect(status().isForbidden());
    }

    @Test
    void anotherTenantsVmIsNotFoundAnywhere() throws Exception {
        Operation created = web();
        Person gina = fixtures.owner("globex");
        for (String page : new String[] {"", "/network", "/firewall", "/operations", "/settings", "/status", "/nics"}) {
            mvc.perform(get("/t/globex/vms/" + created.targetId() + page).with(gina.signedIn()))
                    .andExpect(status().isNotFound());
        }
        for (String command : new String[] {"stop", "start", "reboot", "force-off", "delete"}) {
            mvc.perform(post("/t/globex/vms/" + created.targetId() + "/" + command)
                            .with(gina.signedIn())
                            .param("confirm", "web"))
                    .andExpect(status().isNotFound());
        }
        mvc.perform(get("/t/globex/operations/" + created.id()).with(gina.signedIn()))
                .andExpect(status().isNotFound());
    }

    @Test
    void buttonsLeadBackWithANotice() throws Exception {
        Operation created = web();
        mvc.perform(post("/t/acme/vms/" + created.targetId() + "/stop").with(otto.signedIn()))
                .andExpect(redirectedUrl("/t/acme/vms/" + created.targetId()));
        mvc.perform(post("/t/acme/vms/" + created.targetId() + "/delete")
                        .with(otto.signedIn())
                        .param("confirm", "wrong"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("Type the name of the VM")));
    }

    @Test
    void apiCreatesChangesAndDeletesWithETagAndKey() throws Exception {
        String body = "{\"name\":\"web\",\"image\":\"%s\",\"flavor\":\"%s\"}".formatted(catalog.image, catalog.small);
        String location = null;
        for (int i = 0; i < 2; i++) {
            String next = mvc.perform(post("/api/v1/tenants/acme/vms")
                            .with(otto.signedIn())
                            .header("Idempotency-Key", "k-1")
                            .contentType(MediaType.APPLICATION_JSON)
                            .content(body))
                    .andExpect(status().isAccepted())
                    .andReturn()
                    .getResponse()
                    .getHeader("Location");
            assertThat(location == null || location.equals(next)).isTrue();
            location = next;
        }
        mvc.perform(get(location).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.kind").value("VM_CREATE"));
        VmId id = fixtures.as(otto, () -> vms.list(otto.tenant())).get(0).id();
        String vm = "/api/v1/tenants/acme/vms/" + id;
        String etag = mvc.perform(get(vm).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.name").value("web"))
                .andReturn()
                .getResponse()
                .getHeader("ETag");
        mvc.perform(patch(vm)
                        .with(otto.signedIn())
                        .header("If-Match", etag)
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"description\":\"new\"}"))
                .andExpect(status().isOk())
                .andExpect(header().exists("ETag"));
        mvc.perform(patch(vm)
                        .with(otto.signedIn())
                        .header("If-Match", etag)
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"description\":\"newer\"}"))
                .andExpect(status().isPreconditionFailed())
                .andExpect(jsonPath("$.code").value("vm.changed"));
        mvc.perform(delete(vm).with(otto.signedIn())).andExpect(status().isAccepted());
        mvc.perform(get(vm).with(otto.signedIn())).andExpect(status().isNotFound());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{", "[]", "{\"name\":1}", "{\"name\":\"web\",\"image\":\"x\"}", "{\"name\":{\"a\":1}}", ""})
    void wrongBodyIsAProblemAndWritesNothing(String body) throws Exception {
        mvc.perform(post("/api/v1/tenants/acme/vms")
                        .with(otto.signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content(body))
                .andExpect(status().is4xxClientError())
                .andExpect(content().contentTypeCompatibleWith("application/problem+json"));
        assertThat(fixtures.as(otto, () -> vms.list(otto.tenant()))).isEmpty();
    }

    @Test
    void liveStreamBegins() throws Exception {
        mvc.perform(get("/t/acme/live").with(otto.signedIn()).accept(MediaType.TEXT_EVENT_STREAM))
                .andExpect(status().isOk())
                .andExpect(request().asyncStarted());
        mvc.perform(get("/t/globex/live").with(otto.signedIn())).andExpect(status().isNotFound());
    }
}
