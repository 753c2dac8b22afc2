package cloud.freehold.portal.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

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
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;

@PortalTest
class SearchTests {

    @Autowired
    private Search search;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private JdbcClient portal;

    @Autowired
    private MockMvc mvc;

    private Person anna;

    @BeforeEach
    void groups() {
        anna = fixtures.viewer("acme");
        addressGroup(anna, "offices", "Where people sit", "198.51.100.0/24");
        securityGroup(anna, "web", "Public sites");
        securityGroup(anna, "internal-web", "");
        securityGroup(anna, "100%_sure", "");
    }

    @Test
    void whatBeginsWithTheQueryComesFirst() {
        assertThat(texts("web")).containsExactly("web", "internal-web");
        assertThat(texts("WEB")).containsExactly("web", "internal-web");
    }

    @Test
    void descriptionsAndAddressesCount() {
        assertThat(find("people")).extracting(SearchHit::kind).containsExactly("Address group");
        assertThat(texts("198.51")).containsExactly("offices");
        assertThat(texts("51.100")).isEmpty();
    }

    @Test
    void wildcardsAreOrdinaryCharacters() {
        assertThat(texts("%")).containsExactly("100%_sure");
        assertThat(texts("%_s")).containsExactly("100%_sure");
        assertThat(texts("\\")).isEmpty();
    }

    @Test
    void anotherTenantFindsNothingOfIt() {
        Person gina = fixtures.viewer("globex");
        assertThat(fixtures.as(gina, () -> search.find(gina.tenant(), "web"))).isEmpty();
        // Row-level security is the second wall: asking for the other tenant's id does not help.
        assertThat(fixtures.as(gina, () -> search.find(anna.tenant(), "web"))).isEmpty();
    }

    @Test
    void paletteGetsTheListAndABrowserThePage() throws Exception {
        mvc.perform(get("/t/acme/search").param("q", "web").with(anna.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("<html")))
                .andExpect(content().string(containsString("data-hit=\"Security group\"")));
        mvc.perform(get("/t/acme/search")
                        .param("q", "web")
                        .header("HX-Request", "true")
                        .with(anna.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("<html"))))
                .andExpect(content().string(containsString("href=\"/t/acme/firewall/groups/")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "'; drop table vm; --", "<script>alert(1)</script>", "\uD83D\uDE00"})
    void oddQueriesAreAnsweredCalmly(String odd) throws Exception {
        mvc.perform(get("/t/acme/search").param("q", odd).with(anna.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("<script>alert"))));
        mvc.perform(get("/t/acme/search").param("q", odd.repeat(5_000)).with(anna.signedIn()))
                .andExpect(status().isOk());
    }

    private List<SearchHit> find(String query) {
        return fixtures.as(anna, () -> search.find(anna.tenant(), query));
    }

    private List<String> texts(String query) {
        return find(query).stream().map(SearchHit::text).toList();
    }

    private void securityGroup(Person who, String name, String description) {
        fixtures.as(
                who,
                () -> portal.sql("""
                        insert into security_group (id, tenant_id, name, description, created_at, updated_at)
                        values (:id, :tenant, :name, :description, now(), now())
                        """)
                        .param("id", UUID.randomUUID())
                        .param("tenant", who.tenant().value())
                        .param("name", name)
                        .param("description", description)
                        .update());
    }

    private void addressGroup(Person who, String name, String description, String prefix) {
        UUID id = UUID.randomUUID();
        fixtures.as(
                who,
                () -> portal.sql("""
                        insert into address_group (id, tenant_id, name, description, created_at, updated_at)
                        values (:id, :tenant, :name, :description, now(), now())
                        """)
                        .param("id", id)
                        .param("tenant", who.tenant().value())
                        .param("name", name)
                        .param("description", description)
                        .update());
        fixtures.as(
                who,
                () -> portal.sql("""
                        insert into address_group_entry (tenant_id, group_id, prefix) values (:tenant, :group, :prefix::cidr)
                        """)
                        .param("tenant", who.tenant().value())
                        .param("group", id)
                        .param("prefix", prefix)
                        .update());
    }
}
