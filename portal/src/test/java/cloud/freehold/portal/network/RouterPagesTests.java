package cloud.freehold.portal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.put;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.MediaType;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

/** The pages and the API of routers. */
@PortalTest
class RouterPagesTests {

    private static final String API = "/api/v1/tenants/acme/routers";

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Networks networks;

    @Autowired
    private Routers routers;

    private Person otto;
    private NetworkId office;
    private NetworkId lab;

    @BeforeEach
    void acme() {
        otto = fixtures.operator("acme");
        office = network("office", "10.0.0.0/16");
        lab = network("lab", "10.1.0.0/16");
    }

    private NetworkId network(String name, String prefix) {
        return fixtures.as(otto, () -> networks.create(otto.tenant(), new NewNetwork(name, prefix, null), null));
    }

    private RouterId router(NetworkId... joined) {
        return fixtures.as(
                otto, () -> routers.create(otto.tenant(), new RouterSpec("main", List.of(joined), List.of()), null));
    }

    private List<Router> all() {
        return fixtures.as(otto, () -> routers.list(otto.tenant()));
    }

    private static MockHttpServletRequestBuilder json(MockHttpServletRequestBuilder request, String body) {
        return request.contentType(MediaType.APPLICATION_JSON).content(body);
    }

    @Test
    void aRouterIsMadeChangedAndDeletedInPages() throws Exception {
        for (int i = 0; i < 2; i++) {
            mvc.perform(post("/t/acme/routers")
                            .with(otto.signedIn())
                            .param("name", "main")
                            .param("networks", office.toString())
                            .param("key", "sent-twice"))
                    .andExpect(status().is3xxRedirection());
        }
        assertThat(all()).hasSize(1);
        String page = "/t/acme/routers/" + all().get(0).id();
        mvc.perform(post(page + "/networks").with(otto.signedIn()).param("network", lab.toString()))
                .andExpect(redirectedUrl(page));
        mvc.perform(post(page + "/routes")
                        .with(otto.signedIn())
                        .param("prefix", "192.168.0.0/16")
                        .param("nextHop", "10.1.0.9"))
                .andExpect(redirectedUrl(page));
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("office")))
                .andExpect(content().string(containsString("192.168.0.0/16")))
                .andExpect(content().string(containsString("no NIC has this address")));
        mvc.perform(get("/t/acme/routers").with(otto.signedIn()))
                .andExpect(content().string(containsString("no VM uses it")));
        mvc.perform(post(page + "/routes/remove").with(otto.signedIn()).param("prefix", "192.168.0.0/16"))
                .andExpect(redirectedUrl(page));
        mvc.perform(post(page + "/name").with(otto.signedIn()).param("name", "core"))
                .andExpect(redirectedUrl(page));
        assertThat(all()).singleElement().satisfies(router -> {
            assertThat(router.name()).isEqualTo("core");
            assertThat(router.networks()).hasSize(2);
            assertThat(router.routes()).isEmpty();
        });
        mvc.perform(post(page + "/networks/" + lab + "/detach").with(otto.signedIn()))
                .andExpect(redirectedUrl(page));
        mvc.perform(post(page + "/delete").with(otto.signedIn())).andExpect(redirectedUrl("/t/acme/routers"));
        assertThat(all()).isEmpty();
    }

    @Test
    void whatIsRefusedStandsBesideItsFormAndSavesNothing() throws Exception {
        String page = "/t/acme/routers/" + router(office);
        NetworkId twin = network("twin", "10.0.4.0/24");
        mvc.perform(post(page + "/networks").with(otto.signedIn()).param("network", twin.toString()))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("twin (10.0.4.0/24)")));
        mvc.perform(post(page + "/networks").with(otto.signedIn()).param("network", "nonsense"))
                .andExpect(status().is(422));
        mvc.perform(post(page + "/routes")
                        .with(otto.signedIn())
                        .param("prefix", "192.168.0.0/16")
                        .param("nextHop", "8.8.8.8"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("nextHop-error")));
        mvc.perform(post(page + "/name").with(otto.signedIn()).param("name", " "))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("name-error")));
        mvc.perform(post("/t/acme/routers")
                        .with(otto.signedIn())
                        .param("name", "second")
                        .param("networks", office.toString(), lab.toString()))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("has the router main")));
        assertThat(all()).hasSize(1);
    }

    @Test
    void aViewerSeesAndChangesNothing() throws Exception {
        Person vera = fixtures.viewer("acme");
        String page = "/t/acme/routers/" + router(office, lab);
        mvc.perform(get(page).with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("Delete router"))))
                .andExpect(content().string(not(containsString("Detach"))));
        mvc.perform(post(page + "/delete").with(vera.signedIn())).andExpect(status().isForbidden());
        mvc.perform(json(put(API + "/" + all().get(0).id()), "{\"name\":\"x\"}").with(vera.signedIn()))
                .andExpect(status().isForbidden());
        assertThat(all()).hasSize(1);
    }

    @Test
    void anotherTenantsRouterIsNotFound() throws Exception {
        Person gina = fixtures.operator("globex");
        RouterId id = router(office, lab);
        for (String path : List.of("/t/globex/routers/" + id, "/t/acme/routers/" + id)) {
            mvc.perform(get(path).with(gina.signedIn())).andExpect(status().isNotFound());
            mvc.perform(post(path + "/delete").with(gina.signedIn())).andExpect(status().isNotFound());
            mvc.perform(post(path + "/networks/" + office + "/detach").with(gina.signedIn()))
                    .andExpect(status().isNotFound());
        }
        mvc.perform(delete("/api/v1/tenants/globex/routers/" + id).with(gina.signedIn()))
                .andExpect(status().isNotFound());
        assertThat(all())
                .singleElement()
                .satisfies(router -> assertThat(router.networks()).hasSize(2));
    }

    @Test
    void programsReadAndWriteRoutersWhole() throws Exception {
        String body = "{\"name\":\"main\",\"networks\":[\"%s\"]}".formatted(office);
        String location = null;
        for (int i = 0; i < 2; i++) {
            MockHttpServletResponse answer = mvc.perform(
                            json(post(API), body).with(otto.signedIn()).header("Idempotency-Key", "r-1"))
                    .andExpect(status().isCreated())
                    .andExpect(jsonPath("$.networks[0].name").value("office"))
                    .andReturn()
                    .getResponse();
            assertThat(location == null || location.equals(answer.getHeader("Location")))
                    .isTrue();
            location = answer.getHeader("Location");
        }
        mvc.perform(json(post(API), body.replace("main", "other"))
                        .with(otto.signedIn())
                        .header("Idempotency-Key", "r-1"))
                .andExpect(status().isConflict())
                .andExpect(jsonPath("$.code").value("idempotency.key-reused"));
        String etag = mvc.perform(get(location).with(otto.signedIn()))
                .andExpect(jsonPath("$.version").value(1))
                .andReturn()
                .getResponse()
                .getHeader("ETag");
        String whole =
                "{\"name\":\"main\",\"networks\":[\"%s\",\"%s\"],\"routes\":[{\"prefix\":\"::/0\",\"nextHop\":\"%s\"}]}"
                        .formatted(office, lab, "10.1.0.9");
        mvc.perform(json(put(location), whole).with(otto.signedIn()).header("If-Match", etag))
                .andExpect(status().is(422))
                .andExpect(content().contentTypeCompatibleWith("application/problem+json"))
                .andExpect(jsonPath("$.code").value("router.route"));
        mvc.perform(json(put(location), whole.replace("::/0", "0.0.0.0/0"))
                        .with(otto.signedIn())
                        .header("If-Match", etag))
                .andExpect(status().isOk())
                .andExpect(header().string("ETag", "\"2\""))
                .andExpect(jsonPath("$.routes[0].nextHop").value("10.1.0.9"));
        mvc.perform(delete(location).with(otto.signedIn()).header("If-Match", etag))
                .andExpect(status().isPreconditionFailed())
                .andExpect(jsonPath("$.code").value("router.changed"));
        mvc.perform(get(API).with(otto.signedIn()))
                .andExpect(jsonPath("$.items.length()").value(1));
        mvc.perform(delete(location).with(otto.signedIn()).header("If-Match", "\"2\""))
                .andExpect(status().isNoContent());
        mvc.perform(get(location).with(otto.signedIn())).andExpect(status().isNotFound());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "{\"name\":1,\"networks\":7}",
                "{\"name\":\"x\",\"networks\":[null]}",
                "{\"name\":\"x\",\"networks\":[\"x\"]}",
                "{\"name\":\"x\",\"routes\":[null]}",
                "{\"name\":\"x\",\"routes\":[{}]}",
                "{\"name\":\"\"}",
                ""
            })
    void wrongBodyIsAProblemAndWritesNothing(String body) throws Exception {
        mvc.perform(json(post(API), body).with(otto.signedIn()))
                .andExpect(status().is4xxClientError())
                .andExpect(content().contentTypeCompatibleWith("application/problem+json"));
        assertThat(all()).isEmpty();
    }
}
