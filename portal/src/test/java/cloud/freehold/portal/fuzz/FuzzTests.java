package cloud.freehold.portal.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.multipart;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.request;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.common.Uuid7;
import cloud.freehold.portal.database.DatabaseDigest;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.firewall.FirewallFixtures;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.ApplicationContext;
import org.springframework.http.HttpMethod;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.MockMultipartFile;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.AbstractMockHttpServletRequestBuilder;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import org.springframework.test.web.servlet.request.MockMultipartHttpServletRequestBuilder;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * Sends nonsense to every mapped path (a new one is found by itself): wrong types, lengths and encodings, ids of another
 * tenant. Whatever comes, the answer is never a 5xx, a refusal of the API says why in a stable form, a refusal has
 * written nothing, and nothing of the other tenant ever changes.
 */
@PortalTest
class FuzzTests {

    private static final long SEED = 20_261_122;
    private static final int ROUNDS = 10;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private ApplicationContext context;

    @Autowired
    private Uuid7 ids;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    @Autowired
    @Qualifier("requestMappingHandlerMapping")
    private RequestMappingHandlerMapping mappings;

    private final List<String> findings = new ArrayList<>();

    @Test
    void nonsenseIsRefusedAndWritesNothing() throws Exception {
        Person anna = fixtures.owner("acme");
        Person gina = fixtures.owner("globex");
        DatabaseDigest database = new DatabaseDigest(context);
        List<String> own = furnish(anna);
        furnish(gina);
        Nonsense nonsense = new Nonsense(SEED, database.idsOf(gina.tenant()), own);
        String othersBefore = database.ofTenant(gina.tenant());

        List<Endpoint> endpoints = endpoints();
        assertThat(endpoints).hasSizeGreaterThan(20);
        String stored = database.ofAllTenants();
        for (Endpoint endpoint : endpoints) {
            for (int round = 0; round < ROUNDS; round++) {
                MockHttpServletResponse response = send(endpoint, nonsense, anna);
                String now = database.ofAllTenants();
                judge(endpoint, response, !now.equals(stored));
                stored = now;
            }
        }

        assertThat(findings).isEmpty();
        assertThat(database.ofTenant(gina.tenant())).isEqualTo(othersBefore);
    }

    /** A VM with its NIC and network, groups of both kinds, a rule and a draft; answers with their ids. */
    private List<String> furnish(Person person) throws Exception {
        FirewallFixtures firewall = new FirewallFixtures(system, ids);
        FirewallFixtures.Machine machine = firewall.machine(person, "web", firewall.host());
        String groups = "/t/" + person.slug() + "/firewall/groups";
        String group = location(person, groups, "name", "web");
        location(person, group + "/attach", "nic", machine.nic().toString());
        location(person, group + "/draft/rules", "protocol", "tcp", "ports", "22", "remote", "any", "enabled", "yes");
        String addresses = location(
                person, "/t/" + person.slug() + "/firewall/addresses", "name", "office", "addresses", "192.0.2.0/24");
        return List.of(machine.vm().toString(), machine.nic().toString(), lastPart(group), lastPart(addresses));
    }

    private String location(Person person, String path, String... fields) throws Exception {
        MockHttpServletRequestBuilder request = post(path).with(person.signedIn());
        for (int i = 0; i < fields.length; i += 2) {
            request.param(fields[i], fields[i + 1]);
        }
        String location = mvc.perform(request)
                .andExpect(status().is3xxRedirection())
                .andReturn()
                .getResponse()
                .getRedirectedUrl();
        return Objects.requireNonNull(location);
    }

    private static String lastPart(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private void judge(Endpoint endpoint, MockHttpServletResponse response, boolean wrote) throws Exception {
        int status = response.getStatus();
        if (status >= 500) {
            findings.add(endpoint + " answered " + status + " " + response.getHeader("X-Request-Id"));
        } else if (status >= 400) {
            if (wrote) {
                findings.add(endpoint + " answered " + status + " and wrote something");
            }
            if (endpoint.isApi() && !response.getContentAsString().contains("\"code\":\"")) {
                findings.add(endpoint + " answered " + status + " without a code: " + response.getContentAsString());
            }
        }
    }

    private List<Endpoint> endpoints() {
        List<Endpoint> found = new ArrayList<>();
        for (Map.Entry<RequestMappingInfo, HandlerMethod> mapping :
                mappings.getHandlerMethods().entrySet()) {
            for (String path : mapping.getKey().getPatternValues()) {
                for (RequestMethod method :
                        mapping.getKey().getMethodsCondition().getMethods()) {
                    // Hosts' paths answer on another port only; signing oneself out would end the exercise.
                    if (!path.startsWith("/agent/") && !path.equals("/account/sessions/end-all")) {
                        found.add(Endpoint.of(method, path, mapping.getValue()));
                    }
                }
            }
        }
        found.sort(Comparator.comparing(Endpoint::path).thenComparing(Endpoint::method));
        return found;
    }

    private MockHttpServletResponse send(Endpoint endpoint, Nonsense nonsense, Person anna) throws Exception {
        URI uri = URI.create(path(endpoint, nonsense));
        AbstractMockHttpServletRequestBuilder<?> builder;
        if (endpoint.files().isEmpty()) {
            builder = request(HttpMethod.valueOf(endpoint.method().name()), uri);
        } else {
            MockMultipartHttpServletRequestBuilder upload =
                    multipart(HttpMethod.valueOf(endpoint.method().name()), uri);
            endpoint.files()
                    .forEach(name -> upload.file(new MockMultipartFile(
                            name, nonsense.text(), "text/csv", nonsense.text().getBytes(StandardCharsets.UTF_16))));
            builder = upload;
        }
        if (nonsense.oneIn(3)) {
            builder.header("HX-Request", "true");
        }
        if (endpoint.body() != null) {
            builder.contentType(nonsense.oneIn(10) ? "text/plain" : "application/json")
                    .content(nonsense.body(endpoint.body()));
        }
        for (String field : endpoint.fields()) {
            if (!nonsense.oneIn(6)) {
                builder.param(field, nonsense.text());
            }
        }
        builder.with(anna.signedIn());
        return mvc.perform(builder).andReturn().getResponse();
    }

    private static String path(Endpoint endpoint, Nonsense nonsense) {
        String path = endpoint.path();
        for (String variable : endpoint.pathVariables()) {
            boolean own = variable.equals("{tenantSlug}") && !nonsense.oneIn(12);
            String value = own ? "acme" : nonsense.pathPart();
            path = path.replace(
                    variable, URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20"));
        }
        return path;
    }
}
