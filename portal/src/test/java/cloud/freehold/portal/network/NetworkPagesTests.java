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

/** The pages and the API of networks. */
@PortalTest
class NetworkPagesTests {

    private static final String API = "/api/v1/tenants/acme/networks";

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Networks networks;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;

    @BeforeEach
    void acme() {
        otto = fixtures.operator("acme");
    }

    private List<Network> all() {
        return fixtures.as(otto, () -> networks.list(otto.tenant()));
    }

    private NetworkId office() {
        return fixtures.as(
                otto, () -> networks.create(otto.tenant(), new NewNetwork("office", "10.0.0.0/24", null), null));
    }

    private void vmIn(NetworkId network) {
        Placed placed = new Placed(system);
        UUID vm = placed.vm(otto.tenant(), null, "web");
        fixtures.as(otto, () -> networks.plug(otto.tenant(), network, vm, 0));
    }

    @Test
    void aNetworkIsMadeOnceAndItsSubnetsChange() throws Exception {
        for (int i = 0; i < 2; i++) {
            mvc.perform(post("/t/acme/networks")
                            .with(otto.signedIn())
                            .param("name", "lab")
                            .param("ipv4Prefix", "10.9.0.0/24")
                            .param("key", "sent-twice"))
                    .andExpect(status().is3xxRedirection());
        }
        assertThat(all())
                .singleElement()
                .satisfies(network -> assertThat(network.subnets()).hasSize(2));
        String page = "/t/acme/networks/" + all().get(0).id();
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("10.9.0.0/24")))
                .andExpect(content().string(containsString("0 of 253, 253 free")));
        mvc.perform(post(page + "/subnets")
                        .with(otto.signedIn())
                        .param("prefix", "10.10.0.0/24")
                        .param("dns", "9.9.9.9, 1.1.1.1")
                        .param("dhcp", "true"))
                .andExpect(redirectedUrl(page));
        UUID subnet = all().get(0).subnets().get(1).id();
        mvc.perform(get(page + "/subnets/" + subnet).with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("9.9.9.9, 1.1.1.1")))
                .andExpect(content().string(containsString("Save subnet")));
        mvc.perform(post(page + "/subnets/" + subnet).with(otto.signedIn()).param("gateway", "10.10.0.9"))
                .andExpect(redirectedUrl(page));
        assertThat(all().get(0).subnets().get(1).spec())
                .isEqualTo(new SubnetSpec("10.10.0.0/24", "10.10.0.9", List.of(), false));
        mvc.perform(post(page + "/subnets/" + subnet + "/remove").with(otto.signedIn()))
                .andExpect(redirectedUrl(page));
        mvc.perform(post(page + "/name").with(otto.signedIn()).param("name", "laboratory"))
                .andExpect(redirectedUrl(page));
        mvc.perform(post(page + "/delete").with(otto.signedIn())).andExpect(redirectedUrl("/t/acme/networks"));
        assertThat(all()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0", "10.0.0.1/24", "300.0.0.0/24", "127.0.0.0/8", "10.0.0.0/31", "fd00::/64", "x"})
    void wrongPrefixIsSaidBesideItsField(String prefix) throws Exception {
        mvc.perform(post("/t/acme/networks")
                        .with(otto.signedIn())
                        .param("name", "n")
                        .param("ipv4Prefix", prefix))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("ipv4Prefix-error")));
        assertThat(all()).isEmpty();
    }

    @Test
    void whatASubnetMayNotBeIsSaidInItsForm() throws Exception {
        String page = "/t/acme/networks/" + office();
        mvc.perform(post(page + "/subnets").with(otto.signedIn()).param("prefix", "10.0.0.0/28"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("overlaps with another subnet")));
        UUID subnet = all().get(0).subnets().get(0).id();
        mvc.perform(post(page + "/subnets/" + subnet).with(otto.signedIn()).param("gateway", "10.1.0.1"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("gateway-error")))
                .andExpect(content().string(containsString("Save subnet")));
        mvc.perform(post(page + "/subnets/" + UUID.randomUUID()).with(otto.signedIn()))
                .andExpect(status().isNotFound());
    }

    @Test
    void deletingANetworkInUseShowsWhatIsLostAndAsksForItsName() throws Exception {
        NetworkId office = office();
        vmIn(office);
        String page = "/t/acme/networks/" + office;
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(content().string(containsString("1 VM loses a NIC")))
                .andExpect(content().string(containsString("web/eth0")));
        mvc.perform(post(page + "/delete").with(otto.signedIn()).param("confirm", "offic"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("confirm-error")));
        mvc.perform(delete(API + "/" + office).with(otto.signedIn()))
                .andExpect(status().isConflict())
                .andExpect(jsonPath("$.code").value("network.in-use"));
        assertThat(all()).hasSize(1);
        mvc.perform(post(page + "/delete").with(otto.signedIn()).param("confirm", "office"))
                .andExpect(redirectedUrl("/t/acme/networks"));
        assertThat(all()).isEmpty();
        assertThat(system.sql("select count(*) from nic").query(Long.class).single())
                .isZero();
    }

    @Test
    void aViewerReadsOnlyAndAnotherTenantNothing() throws Exception {
        NetworkId office = office();
        String page = "/t/acme/networks/" + office;
        Person vera = fixtures.viewer("acme");
        mvc.perform(get(page).with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("Delete network"))));
        mvc.perform(post(page + "/delete").with(vera.signedIn())).andExpect(status().isForbidden());
        Person gina = fixtures.operator("globex");
        for (String path : List.of(page, "/t/globex/networks/" + office, "/api/v1/tenants/globex/networks/" + office)) {
            mvc.perform(get(path).with(gina.signedIn())).andExpect(status().isNotFound());
        }
        mvc.perform(post("/t/globex/networks/" + office + "/delete").with(gina.signedIn()))
                .andExpect(status().isNotFound());
        assertThat(all()).hasSize(1);
    }

    @Test
    void programsReadAndWriteNetworksWhole() throws Exception {
        String body = "{\"name\":\"office\",\"subnets\":[{\"prefix\":\"10.0.0.0/24\",\"dnsServers\":[\"9.9.9.9\"]}]}";
        String location = mvc.perform(post(API)
                        .with(otto.signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content(body)
                        .header("Idempotency-Key", "n-1"))
                .andExpect(status().isCreated())
                .andExpect(jsonPath("$.subnets[0].gateway").value("10.0.0.1"))
                .andExpect(jsonPath("$.subnets[0].size").value(253))
                .andReturn()
                .getResponse()
                .getHeader("Location");
        mvc.perform(post(API)
                        .with(otto.signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content(body)
                        .header("Idempotency-Key", "n-1"))
                .andExpect(status().isCreated());
        assertThat(all()).hasSize(1);
        mvc.perform(put(location)
                        .with(otto.signedIn())
                        .header("If-Match", "\"1\"")
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"name\":\"office\",\"subnets\":[{\"prefix\":\"10.1.0.0/24\",\"dhcp\":false}]}"))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.version").value(2))
                .andExpect(jsonPath("$.subnets.length()").value(1))
                .andExpect(jsonPath("$.subnets[0].dhcp").value(false));
        mvc.perform(put(location)
                        .with(otto.signedIn())
                        .header("If-Match", "\"1\"")
                        .contentType(MediaType.APPLICATION_JSON)
                        .content(body))
                .andExpect(status().isPreconditionFailed())
                .andExpect(jsonPath("$.code").value("network.changed"));
        mvc.perform(get(location + "/nics").with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.items.length()").value(0));
        mvc.perform(delete(location).with(otto.signedIn()).header("If-Match", "\"2\""))
                .andExpect(status().isNoContent());
        mvc.perform(get(location).with(otto.signedIn())).andExpect(status().isNotFound());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "{\"name\":\"x\",\"subnets\":[null]}",
                "{\"name\":\"x\",\"subnets\":[{}]}",
                "{\"name\":\"x\",\"subnets\":[{\"prefix\":\"10.0.0.0/24\",\"dnsServers\":[null]}]}",
                "{\"name\":\"x\",\"subnets\":{}}",
                "{\"subnets\":[]}",
                ""
            })
    void wrongBodyIsAProblemAndWritesNothing(String body) throws Exception {
        mvc.perform(post(API)
                        .with(otto.signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content(body))
                .andExpect(status().is4xxClientError())
                .andExpect(content().contentTypeCompatibleWith("application/problem+json"));
        assertThat(all()).isEmpty();
    }
}
