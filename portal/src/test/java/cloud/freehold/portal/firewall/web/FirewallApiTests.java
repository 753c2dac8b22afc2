package cloud.freehold.portal.firewall.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.put;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.firewall.FirewallFixtures;
import cloud.freehold.portal.firewall.FirewallFixtures.Machine;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.ResultActions;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import tools.jackson.databind.json.JsonMapper;

@PortalTest
class FirewallApiTests {

    private static final String GROUPS = "/api/v1/tenants/acme/security-groups";
    private static final String ADDRESSES = "/api/v1/tenants/acme/address-groups";

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private JsonMapper json;

    @Autowired
    private Uuid7 ids;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;
    private String web;

    @BeforeEach
    void aGroup() throws Exception {
        otto = fixtures.operator("acme");
        web = id(send(post(GROUPS), "{\"name\":\"web\"}").andExpect(status().isCreated()));
    }

    @Test
    void aSetIsReplacedAsAWholeAndComesBackUnchanged() throws Exception {
        replace("1", """
                {"rules":[{"direction":"INGRESS","protocol":"tcp","portMin":443,"portMax":443},
                          {"direction":"ingress","protocol":"1","icmpType":8,"remotePrefix":"10.0.0.0/8","enabled":false},
                          {"direction":"EGRESS","action":"drop","protocol":"any","remotePrefix":"2001:DB8::/32"}]}""")
                .andExpect(status().isOk())
                .andExpect(header().string("ETag", "\"2\""))
                .andExpect(jsonPath("$.added").value(3));
        String read = body(mvc.perform(get(GROUPS + "/" + web).with(otto.signedIn()))
                .andExpect(jsonPath("$.rules[0].protocol").value("tcp"))
                .andExpect(jsonPath("$.rules[1].protocol").value("icmp"))
                .andExpect(jsonPath("$.rules[1].etherType").value("IPV4"))
                .andExpect(jsonPath("$.rules[2].remotePrefix").value("2001:db8::/32"))
                .andExpect(jsonPath("$.rules[2].action").value("DROP")));
        replace(
                        "2",
                        read.replaceFirst(".*?\"egressDefault\"", "{\"egressDefault\"")
                                .replaceFirst("\"confirmUntil\":null,", ""))
                .andExpect(jsonPath("$.applied").value(false))
                .andExpect(header().string("ETag", "\"2\""));
    }

    @Test
    void aDryRunSaysWhatWouldHappenAndChangesNothing() throws Exception {
        send(
                        put(GROUPS + "/" + web + "/rules")
                                .param("dryRun", "true")
                                .header("If-Match", "\"1\""),
                        "{\"rules\":[{\"direction\":\"INGRESS\",\"protocol\":\"tcp\",\"portMin\":22}]}")
                .andExpect(jsonPath("$.applied").value(false))
                .andExpect(jsonPath("$.consequences[0].text").value("opens TCP 22 (SSH) to the internet"));
        assertThat(rules()).isZero();
    }

    @Test
    void aVersionThatIsGoneOrNotNamedIsRefused() throws Exception {
        String body = "{\"rules\":[{\"direction\":\"INGRESS\"}]}";
        send(put(GROUPS + "/" + web + "/rules"), body).andExpect(status().is(428));
        replace("1", body).andExpect(status().isOk());
        replace("1", "{\"rules\":[]}")
                .andExpect(status().isPreconditionFailed())
                .andExpect(content().contentTypeCompatibleWith("application/problem+json"))
                .andExpect(jsonPath("$.code").value("ruleset.stale"));
        replace("x", body).andExpect(status().isPreconditionFailed());
        assertThat(rules()).isEqualTo(1);
    }

    @Test
    void eachWrongFieldIsNamed() throws Exception {
        replace("1", """
                {"rules":[{"direction":"INGRESS"},
                          {"direction":"UP","portMin":70000,"protocol":"tcp"},
                          {"direction":"INGRESS","remotePrefix":"10.0.0.1/8"},
                          {"direction":"INGRESS","remoteGroupId":"00000000-0000-0000-0000-000000000001"},
                          {"direction":"INGRESS","id":"00000000-0000-0000-0000-000000000001"},
                          {"direction":"INGRESS","protocol":"tcp,udp"}]}""")
                .andExpect(status().isUnprocessableContent())
                .andExpect(jsonPath("$.fields[*].field")
                        .value(org.hamcrest.Matchers.contains(
                                "rules[1].direction",
                                "rules[1].portMin",
                                "rules[2].remotePrefix",
                                "rules[3].remoteGroupId",
                                "rules[4].id",
                                "rules[5].protocol")));
        assertThat(rules()).isZero();
    }

    @Test
    void singleRulesComeAndGo() throws Exception {
        String rule = id(send(
                        post(GROUPS + "/" + web + "/rules"),
                        "{\"direction\":\"INGRESS\",\"protocol\":\"udp\",\"portMin\":53}")
                .andExpect(status().isCreated()));
        mvc.perform(delete(GROUPS + "/" + web + "/rules/" + rule).with(otto.signedIn()))
                .andExpect(status().isNoContent());
        mvc.perform(delete(GROUPS + "/" + web + "/rules/" + rule).with(otto.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(delete(GROUPS + "/" + web).with(otto.signedIn())).andExpect(status().isNoContent());
        mvc.perform(get(GROUPS + "/" + web).with(otto.signedIn())).andExpect(status().isNotFound());
    }

    @Test
    void addressGroupsAreKeptCanonicalAndReferredTo() throws Exception {
        String office = id(send(
                        post(ADDRESSES),
                        "{\"name\":\"office\",\"addresses\":[{\"prefix\":\"192.0.2.0/24\",\"description\":\"HQ\"},{\"prefix\":\"2001:DB8::7\"}]}")
                .andExpect(status().isCreated())
                .andExpect(jsonPath("$.addresses[1].prefix").value("2001:db8::7/128")));
        replace("1", "{\"rules\":[{\"direction\":\"INGRESS\",\"remoteAddressGroupId\":\"" + office + "\"}]}")
                .andExpect(status().isOk());
        mvc.perform(delete(ADDRESSES + "/" + office).with(otto.signedIn()))
                .andExpect(status().isConflict())
                .andExpect(
                        jsonPath("$.detail")
                                .value(
                                        "office cannot be deleted: rules of web refer to it. Detach it and remove those rules first."));
        send(
                        put(ADDRESSES + "/" + office).header("If-Match", "\"1\""),
                        "{\"name\":\"office\",\"addresses\":[{\"prefix\":\"10.0.0.1/8\"}]}")
                .andExpect(status().isUnprocessableContent())
                .andExpect(jsonPath("$.fields[0].field").value("addresses[0].prefix"));
        send(
                        put(ADDRESSES + "/" + office).header("If-Match", "\"1\""),
                        "{\"name\":\"office\",\"addresses\":[{\"prefix\":\"198.51.100.7\"}]}")
                .andExpect(header().string("ETag", "\"2\""));
        send(put(ADDRESSES + "/" + office).header("If-Match", "\"1\""), "{\"name\":\"office\"}")
                .andExpect(status().isPreconditionFailed());
        assertThat(system.sql("select prefix::text from address_group_entry")
                        .query(String.class)
                        .list())
                .containsExactly("198.51.100.7/32");
    }

    @Test
    void aNicsGroupsAreSetAsAList() throws Exception {
        FirewallFixtures machines = new FirewallFixtures(system, ids);
        Machine vm = machines.machine(otto, "web", machines.host());
        String path = "/api/v1/tenants/acme/nics/" + vm.nic() + "/security-groups";
        send(put(path), "{\"securityGroupIds\":[\"" + web + "\"]}")
                .andExpect(jsonPath("$.securityGroupIds[0]").value(web));
        mvc.perform(delete(GROUPS + "/" + web).with(otto.signedIn())).andExpect(status().isConflict());
        send(put(path), "{\"securityGroupIds\":[]}").andExpect(status().isOk());
        Person gina = fixtures.owner("globex");
        mvc.perform(get(path.replace("/acme/", "/globex/")).with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(put(path.replace("/acme/", "/globex/"))
                        .with(gina.signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{}"))
                .andExpect(status().isNotFound());
    }

    @Test
    void junkIsRefusedInWords() throws Exception {
        for (String junk : List.of(
                "",
                "[]",
                "{",
                "null",
                "{\"rules\":5}",
                "{\"rules\":[null]}",
                "{\"rules\":[{}]}",
                "{\"rules\":[{\"direction\":\"INGRESS\",\"portMin\":\"x\"}]}",
                "{\"rules\":[{\"direction\":\"INGRESS\",\"protocol\":\"tcp\",\"portMin\":-1}]}",
                "{\"rules\":[{\"direction\":\"INGRESS\",\"description\":\"\\u0000\"}]}",
                "{\"egressDefault\":\"MAYBE\"}",
                "{\"name\":5}")) {
            for (MockHttpServletRequestBuilder request : List.of(
                    put(GROUPS + "/" + web + "/rules").header("If-Match", "1"),
                    post(GROUPS + "/" + web + "/rules"),
                    post(GROUPS),
                    post(ADDRESSES))) {
                int status = send(request, junk).andReturn().getResponse().getStatus();
                assertThat(status).as("%s", junk).isLessThan(500);
            }
        }
    }

    private ResultActions replace(String version, String body) throws Exception {
        return send(put(GROUPS + "/" + web + "/rules").header("If-Match", "\"" + version + "\""), body);
    }

    private ResultActions send(MockHttpServletRequestBuilder request, String body) throws Exception {
        return mvc.perform(request.with(otto.signedIn())
                .contentType(MediaType.APPLICATION_JSON)
                .content(body));
    }

    private String id(ResultActions answer) throws Exception {
        return json.readTree(body(answer)).get("id").asString();
    }

    private static String body(ResultActions answer) throws Exception {
        return answer.andReturn().getResponse().getContentAsString();
    }

    private long rules() {
        return system.sql("select count(*) from rule").query(Long.class).single();
    }
}
