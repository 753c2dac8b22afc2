package cloud.freehold.portal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.put;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.Placed;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

/** The page and the API of floating IPs, and a router's way out. */
@PortalTest
class FloatingIpPagesTests {

    private static final String PAGE = "/t/acme/floating-ips";
    private static final String API = "/api/v1/tenants/acme/floating-ips";

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Networks networks;

    @Autowired
    private Routers routers;

    @Autowired
    private FloatingIps floatingIps;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;
    private NetworkId office;
    private ExternalNetworkId internet;
    private UUID web;
    private RouterId main;

    @BeforeEach
    void acme() {
        otto = fixtures.operator("acme");
        office = fixtures.as(
                otto, () -> networks.create(otto.tenant(), new NewNetwork("office", "10.0.0.0/16", null), null));
        internet = new Outsides(system).network("internet", "198.51.100.10", "198.51.100.12");
        Placed placed = new Placed(system);
        web = placed.nic(otto.tenant(), placed.vm(otto.tenant(), null, "web"), office.value(), 1);
        main = fixtures.as(
                otto, () -> routers.create(otto.tenant(), new RouterSpec("main", List.of(office), List.of()), null));
    }

    private List<FloatingIp> all() {
        return fixtures.as(otto, () -> floatingIps.list(otto.tenant()));
    }

    private Router router() {
        return fixtures.as(otto, () -> routers.get(otto.tenant(), main));
    }

    private static MockHttpServletRequestBuilder json(MockHttpServletRequestBuilder request, String body) {
        return request.contentType(MediaType.APPLICATION_JSON).content(body);
    }

    @Test
    void anInstanceWithoutAWayOutSaysSo() throws Exception {
        system.sql("delete from external_network").update();
        mvc.perform(get(PAGE).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("There is no way out")))
                .andExpect(content().string(not(containsString("Allocate"))));
        mvc.perform(get("/t/acme/routers/" + main).with(otto.signedIn()))
                .andExpect(content().string(containsString("leads to your networks alone")));
    }

    @Test
    void anAddressIsAllocatedAttachedDetachedAndReleasedInPages() throws Exception {
        for (int i = 0; i < 2; i++) {
            mvc.perform(post(PAGE)
                            .with(otto.signedIn())
                            .param("external", internet.toString())
                            .param("key", "sent-twice"))
                    .andExpect(redirectedUrl(PAGE));
        }
        assertThat(all()).hasSize(1);
        String ip = PAGE + "/" + all().get(0).id();
        mvc.perform(get(PAGE).with(otto.signedIn()))
                .andExpect(content().string(containsString("198.51.100.10")))
                .andExpect(content().string(containsString("no router to internet")))
                .andExpect(content().string(containsString("give one a way out")));
        mvc.perform(post(ip + "/attach").with(otto.signedIn()).param("nic", web.toString()))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("has no router that leads to internet")));
        mvc.perform(post("/t/acme/routers/" + main + "/outside")
                        .with(otto.signedIn())
                        .param("external", internet.toString())
                        .param("sourceNat", "on"))
                .andExpect(redirectedUrl("/t/acme/routers/" + main));
        assertThat(router().outside().addresses()).containsExactly("198.51.100.11");
        mvc.perform(get("/t/acme/routers").with(otto.signedIn()))
                .andExpect(content().string(containsString("source NAT")));
        mvc.perform(get("/t/acme/routers/" + main).with(otto.signedIn()))
                .andExpect(content().string(containsString("198.51.100.11")));
        mvc.perform(post(ip + "/attach").with(otto.signedIn()).param("nic", web.toString()))
                .andExpect(redirectedUrl(PAGE));
        mvc.perform(get(PAGE).with(otto.signedIn()))
                .andExpect(content().string(containsString("web/eth0")))
                .andExpect(content().string(not(containsString("give one a way out"))))
                .andExpect(content().string(containsString("waiting for a host")));
        mvc.perform(post("/t/acme/routers/" + main + "/outside").with(otto.signedIn()))
                .andExpect(status().isConflict())
                .andExpect(content().string(containsString("Detach the floating IP first")));
        mvc.perform(post(ip + "/detach").with(otto.signedIn())).andExpect(redirectedUrl(PAGE));
        mvc.perform(post(ip + "/release").with(otto.signedIn())).andExpect(redirectedUrl(PAGE));
        assertThat(all()).isEmpty();
        mvc.perform(post("/t/acme/routers/" + main + "/outside").with(otto.signedIn()))
                .andExpect(redirectedUrl("/t/acme/routers/" + main));
        assertThat(router().outside()).isNull();
    }

    @Test
    void aViewerSeesAndChangesNothing() throws Exception {
        Person vera = fixtures.viewer("acme");
        fixtures.as(otto, () -> floatingIps.allocate(otto.tenant(), internet, null));
        mvc.perform(get(PAGE).with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("198.51.100.10")))
                .andExpect(content().string(not(containsString("<form method=\"post\" class=\"fh-inline\""))))
                .andExpect(content().string(not(containsString("Release"))));
        mvc.perform(post(PAGE).with(vera.signedIn()).param("external", internet.toString()))
                .andExpect(status().isForbidden());
        mvc.perform(post(PAGE + "/" + all().get(0).id() + "/release").with(vera.signedIn()))
                .andExpect(status().isForbidden());
        mvc.perform(post("/t/acme/routers/" + main + "/outside").with(vera.signedIn()))
                .andExpect(status().isForbidden());
    }

    @Test
    void anotherTenantsFloatingIpIsNotFound() throws Exception {
        Person gina = fixtures.operator("globex");
        FloatingIpId id = fixtures.as(otto, () -> floatingIps.allocate(otto.tenant(), internet, null));
        for (String slug : List.of("acme", "globex")) {
            mvc.perform(post("/t/" + slug + "/floating-ips/" + id + "/release").with(gina.signedIn()))
                    .andExpect(status().isNotFound());
            mvc.perform(get("/api/v1/tenants/" + slug + "/floating-ips/" + id).with(gina.signedIn()))
                    .andExpect(status().isNotFound());
            mvc.perform(delete("/api/v1/tenants/" + slug + "/floating-ips/" + id)
                            .with(gina.signedIn()))
                    .andExpect(status().isNotFound());
        }
        assertThat(all()).hasSize(1);
    }

    @Test
    void programsDoTheSame() throws Exception {
        mvc.perform(get("/api/v1/tenants/acme/external-networks").with(otto.signedIn()))
                .andExpect(jsonPath("$.items[0].name").value("internet"));
        String body = "{\"externalNetwork\":\"" + internet + "\"}";
        String location = null;
        for (int i = 0; i < 2; i++) {
            location = mvc.perform(json(post(API), body).with(otto.signedIn()).header("Idempotency-Key", "f-1"))
                    .andExpect(status().isCreated())
                    .andExpect(jsonPath("$.address").value("198.51.100.10"))
                    .andReturn()
                    .getResponse()
                    .getHeader("Location");
        }
        assertThat(all()).hasSize(1);
        String whole =
                "{\"name\":\"main\",\"networks\":[\"%s\"],\"outside\":{\"externalNetwork\":\"%s\",\"sourceNat\":true}}"
                        .formatted(office, internet);
        mvc.perform(json(put("/api/v1/tenants/acme/routers/" + main), whole).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.outside.sourceNat").value(true))
                .andExpect(jsonPath("$.sharedAddresses[0]").value("198.51.100.11"));
        String nic = "{\"nic\":\"" + web + "\"}";
        mvc.perform(json(put(location), nic).with(otto.signedIn()).header("If-Match", "\"7\""))
                .andExpect(status().isPreconditionFailed());
        mvc.perform(json(put(location), nic).with(otto.signedIn()).header("If-Match", "\"1\""))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.inside").value("10.0.1.1"))
                .andExpect(jsonPath("$.vm").value("web"));
        mvc.perform(json(put(location), "{}").with(otto.signedIn()))
                .andExpect(jsonPath("$.nic").doesNotExist());
        mvc.perform(delete(location).with(otto.signedIn())).andExpect(status().isNoContent());
        mvc.perform(get(location).with(otto.signedIn())).andExpect(status().isNotFound());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "{}",
                "{\"externalNetwork\":7}",
                "{\"externalNetwork\":\"x\"}",
                "{\"externalNetwork\":\"00000000-0000-7000-8000-000000000009\"}",
                ""
            })
    void wrongBodyIsAProblemAndTakesNothing(String body) throws Exception {
        mvc.perform(json(post(API), body).with(otto.signedIn()))
                .andExpect(status().is4xxClientError())
                .andExpect(content().contentTypeCompatibleWith("application/problem+json"));
        assertThat(all()).isEmpty();
    }
}
