package cloud.freehold.portal.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.patch;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Networks;
import cloud.freehold.portal.network.NewNetwork;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.testing.FakeHost;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;

/** NICs come, change and go; the portal says what the machine has, not what was asked for. */
@PortalTest
class VmNicsTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Vms vms;

    @Autowired
    private VmNics nics;

    @Autowired
    private Networks networks;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;
    private FakeHost host;
    private VmId web;
    private NetworkId lab;

    @BeforeEach
    void aVmOnAHost() throws Exception {
        otto = fixtures.operator("acme");
        Catalog catalog = new Catalog(system);
        host = new TestHosts(context).enrol("kvm-1");
        host.report();
        web = new VmId(fixtures.as(otto, () -> vms.create(otto.tenant(), catalog.vm("web"), null))
                .targetId());
        lab = fixtures.as(otto, () -> networks.create(otto.tenant(), new NewNetwork("lab", "10.7.0.0/24", null), null));
        host.pollOnce(0);
    }

    @AfterEach
    void close() {
        host.close();
    }

    private List<NicView> all() {
        return fixtures.as(otto, () -> vms.nics(otto.tenant(), web));
    }

    private UUID add() {
        return fixtures.as(otto, () -> nics.add(otto.tenant(), web, lab, null, null));
    }

    @Test
    void aNicIsRequestedThenPluggedThenUsedAsTheHostSays() throws Exception {
        assertThat(all())
                .singleElement()
                .satisfies(nic -> assertThat(nic.plug()).isEqualTo(NicPlug.IN_USE));
        UUID added = add();
        assertThat(all().get(1).id()).isEqualTo(added);
        assertThat(all().get(1).plug()).isEqualTo(NicPlug.REQUESTED);
        mvc.perform(get("/t/acme/vms/" + web + "/nics/" + added).with(otto.signedIn()))
                .andExpect(content().string(containsString("requested, not plugged yet")))
                .andExpect(content().string(containsString("stop the VM and start it again")));
        host.pollOnce(0);
        assertThat(host.model().nics()).containsKey(added);
        assertThat(host.model().nics().get(added).addresses()).contains("10.7.0.2");
        assertThat(all().get(1).plug()).isEqualTo(NicPlug.IN_USE);

        fixtures.as(otto, () -> {
            nics.remove(otto.tenant(), web, added, null);
            return true;
        });
        host.pollOnce(0);
        assertThat(host.model().nics()).hasSize(1);
        assertThat(all()).hasSize(1);
    }

    @Test
    void pagesAddChangeAndRemove() throws Exception {
        String vm = "/t/acme/vms/" + web;
        mvc.perform(get(vm + "/network").with(otto.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("Add a NIC")));
        for (int i = 0; i < 2; i++) {
            mvc.perform(post(vm + "/nics")
                            .with(otto.signedIn())
                            .param("network", lab.toString())
                            .param("key", "sent-twice"))
                    .andExpect(redirectedUrl(vm + "/network"));
        }
        assertThat(all()).hasSize(2);
        String nic = vm + "/nics/" + all().get(1).id();
        mvc.perform(post(nic)
                        .with(otto.signedIn())
                        .param("allowed", "192.168.0.0/16\n10.7.0.40")
                        .param("version", "1"))
                .andExpect(redirectedUrl(nic));
        assertThat(all().get(1).portSecurity()).isFalse();
        assertThat(all().get(1).allowedAddresses()).containsExactly("192.168.0.0/16", "10.7.0.40/32");
        mvc.perform(get(nic).with(otto.signedIn())).andExpect(content().string(containsString("port security off")));
        mvc.perform(post(nic)
                        .with(otto.signedIn())
                        .param("allowed", "x")
                        .param("portSecurity", "true")
                        .param("version", "2"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("allowed-error")));
        mvc.perform(post(nic)
                        .with(otto.signedIn())
                        .param("portSecurity", "true")
                        .param("version", "1"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("changed since you looked")));
        mvc.perform(post(vm + "/nics").with(otto.signedIn()).param("network", "nonsense"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("network-error")));
        mvc.perform(post(nic + "/remove").with(otto.signedIn())).andExpect(redirectedUrl(vm + "/network"));
        assertThat(all()).hasSize(1);
    }

    @Test
    void programsDoTheSame() throws Exception {
        String api = "/api/v1/tenants/acme/vms/" + web + "/nics";
        String location = mvc.perform(post(api)
                        .with(otto.signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"network\":\"" + lab + "\"}"))
                .andExpect(status().isCreated())
                .andExpect(jsonPath("$.plug").value("REQUESTED"))
                .andExpect(jsonPath("$.securityGroups[0]").value("default"))
                .andReturn()
                .getResponse()
                .getHeader("Location");
        mvc.perform(patch(location)
                        .with(otto.signedIn())
                        .header("If-Match", "\"1\"")
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"allowedAddresses\":[\"fd00::/8\"]}"))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.portSecurity").value(true))
                .andExpect(jsonPath("$.allowedAddresses[0]").value("fd00::/8"));
        mvc.perform(patch(location)
                        .with(otto.signedIn())
                        .header("If-Match", "\"1\"")
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"portSecurity\":false}"))
                .andExpect(status().isPreconditionFailed())
                .andExpect(jsonPath("$.code").value("nic.changed"));
        mvc.perform(get(api).with(otto.signedIn()))
                .andExpect(jsonPath("$.items.length()").value(2));
        mvc.perform(delete(location).with(otto.signedIn())).andExpect(status().isNoContent());
        mvc.perform(get(location).with(otto.signedIn())).andExpect(status().isNotFound());
    }

    @Test
    void slotsAreFilledAndNoVmHasMoreThanItsMachineTakes() {
        UUID second = add();
        add();
        fixtures.as(otto, () -> {
            nics.remove(otto.tenant(), web, second, null);
            return true;
        });
        add();
        assertThat(all()).extracting(NicView::index).containsExactly(0, 1, 2);
        for (int i = 3; i < VmNics.MOST_NICS; i++) {
            add();
        }
        assertThatThrownBy(this::add).isInstanceOf(CapacityException.class);
        assertThat(all()).hasSize(VmNics.MOST_NICS);
    }

    @Test
    void othersTenantsNicsAndNetworksAreNotThere() throws Exception {
        Person gina = fixtures.operator("globex");
        NetworkId theirs = fixtures.as(
                gina, () -> networks.create(gina.tenant(), new NewNetwork("lab", "10.7.0.0/24", null), null));
        assertThatThrownBy(() -> fixtures.as(otto, () -> nics.add(otto.tenant(), web, theirs, null, null)))
                .isInstanceOf(NotFoundException.class);
        UUID nic = all().get(0).id();
        for (String path : List.of("/t/globex/vms/" + web + "/nics/" + nic, "/t/acme/vms/" + web + "/nics/" + nic)) {
            mvc.perform(get(path).with(gina.signedIn())).andExpect(status().isNotFound());
            mvc.perform(post(path + "/remove").with(gina.signedIn())).andExpect(status().isNotFound());
        }
        Person vera = fixtures.viewer("acme");
        mvc.perform(get("/t/acme/vms/" + web + "/nics/" + nic).with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("Remove NIC"))));
        mvc.perform(post("/t/acme/vms/" + web + "/nics/" + nic + "/remove").with(vera.signedIn()))
                .andExpect(status().isForbidden());
        assertThat(all()).hasSize(1);
    }
}
