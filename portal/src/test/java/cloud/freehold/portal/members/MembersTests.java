package cloud.freehold.portal.members;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.security.test.web.servlet.request.SecurityMockMvcRequestPostProcessors.csrf;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.identity.Accounts;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.ResultActions;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

@PortalTest
class MembersTests {

    private static final Pattern LINK = Pattern.compile("http://localhost(/sign-in-link/[\\w-]+)");

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Accounts accounts;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person anna;

    @BeforeEach
    void tenant() {
        anna = fixtures.owner("acme");
    }

    @Test
    void newPersonSetsAPasswordByLinkAndSignsIn() throws Exception {
        String page = change(anna, "", "email", "New@acme.example", "role", "OPERATOR")
                .andExpect(status().isOk())
                .andReturn()
                .getResponse()
                .getContentAsString();
        Matcher link = LINK.matcher(page);
        assertThat(link.find()).isTrue();
        mvc.perform(get(link.group(1)))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("new@acme.example")));
        setPassword(link.group(1), "short").andExpect(status().is(422));
        setPassword(link.group(1), "a good long password").andExpect(redirectedUrl("/login?ready"));
        setPassword(link.group(1), "another long password").andExpect(status().isNotFound());
        mvc.perform(get(link.group(1))).andExpect(status().isNotFound());
        mvc.perform(post("/login")
                        .with(csrf())
                        .param("email", "new@acme.example")
                        .param("password", "a good long password"))
                .andExpect(redirectedUrl("/"));
        assertThat(roleOf("new@acme.example")).isEqualTo("OPERATOR");
    }

    @Test
    void viewerSeesTheListWithoutControlsAndChangesNothing() throws Exception {
        Person vera = fixtures.viewer("acme");
        mvc.perform(get("/t/acme/settings/members").with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content()
                        .string(allOf(
                                containsString(anna.email()),
                                not(containsString("/remove\"")),
                                not(containsString("Add a member")))));
        change(vera, "", "email", "x@acme.example", "role", "VIEWER").andExpect(status().isForbidden());
        change(vera, "/" + anna.id() + "/remove").andExpect(status().isForbidden());
        assertThat(roleOf(anna.email())).isEqualTo("OWNER");
    }

    @Test
    void adminCannotTouchOwnersOrBecomeOne() throws Exception {
        Person adam = fixtures.member("acme", Role.ADMIN, "adam@acme.example");
        change(adam, "/" + anna.id() + "/role", "role", "VIEWER").andExpect(status().isForbidden());
        change(adam, "/" + anna.id() + "/remove").andExpect(status().isForbidden());
        change(adam, "/" + anna.id() + "/link").andExpect(status().isForbidden());
        change(adam, "/" + adam.id() + "/role", "role", "OWNER").andExpect(status().isForbidden());
        change(adam, "", "email", "x@acme.example", "role", "OWNER").andExpect(status().is(422));
        assertThat(roleOf("adam@acme.example")).isEqualTo("ADMIN");
    }

    @Test
    void memberOfAnotherTenantIsNotFound() throws Exception {
        Person gina = fixtures.owner("globex");
        change(anna, "/" + gina.id() + "/remove").andExpect(status().isNotFound());
        change(anna, "/" + gina.id() + "/role", "role", "VIEWER").andExpect(status().isNotFound());
        mvc.perform(get("/t/globex/settings/members").with(anna.signedIn())).andExpect(status().isNotFound());
        mvc.perform(get("/t/nothing/settings/members").with(anna.signedIn())).andExpect(status().isNotFound());
        assertThat(roleOf(gina.email())).isEqualTo("OWNER");
    }

    /** Else the admin of one tenant could sign in as that person and act in the other. */
    @Test
    void noLinkForSomebodyWhoBelongsToAnotherTenantToo() throws Exception {
        Person vera = fixtures.viewer("globex");
        fixtures.member("acme", Role.VIEWER, vera.email());
        change(anna, "/" + vera.id() + "/link").andExpect(status().isConflict());
        assertThat(system.sql("select count(*) from sign_in_link")
                        .query(Long.class)
                        .single())
                .isZero();
    }

    @Test
    void lastOwnerStays() throws Exception {
        change(anna, "/" + anna.id() + "/remove").andExpect(status().isConflict());
        change(anna, "/" + anna.id() + "/role", "role", "ADMIN").andExpect(status().isConflict());
        assertThat(roleOf(anna.email())).isEqualTo("OWNER");
    }

    @Test
    void twoOwnersWhoRemoveEachOtherAtOnceLeaveOne() throws Exception {
        Person olga = fixtures.member("acme", Role.OWNER, "olga@acme.example");
        CyclicBarrier together = new CyclicBarrier(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        Future<Integer> first = threads.submit(() -> removeTogether(anna, olga.id(), together));
        Future<Integer> second = threads.submit(() -> removeTogether(olga, anna.id(), together));
        assertThat(List.of(first.get(), second.get())).doesNotContain(500);
        threads.shutdown();
        assertThat(system.sql("select count(*) from member where role = 'OWNER'")
                        .query(Long.class)
                        .single())
                .isEqualTo(1);
    }

    private int removeTogether(Person actor, UserId other, CyclicBarrier together) throws Exception {
        together.await();
        return change(actor, "/" + other + "/remove").andReturn().getResponse().getStatus();
    }

    @Test
    void everyChangeIsInTheTrail() throws Exception {
        Person otto = fixtures.operator("acme");
        change(anna, "/" + otto.id() + "/role", "role", "ADMIN").andExpect(status().is3xxRedirection());
        change(anna, "/" + otto.id() + "/link").andExpect(status().isOk());
        change(anna, "/" + otto.id() + "/remove").andExpect(status().is3xxRedirection());
        assertThat(system.sql("select action from audit_event where actor_name = ? order by sequence")
                        .param(anna.email())
                        .query(String.class)
                        .list())
                .containsExactly("member.role-changed", "member.link-created", "member.removed");
    }

    private ResultActions change(Person actor, String path, String... params) throws Exception {
        MockHttpServletRequestBuilder request =
                post("/t/acme/settings/members" + path).with(actor.signedIn());
        for (int i = 0; i < params.length; i += 2) {
            request.param(params[i], params[i + 1]);
        }
        return mvc.perform(request);
    }

    private ResultActions setPassword(String link, String password) throws Exception {
        return mvc.perform(post(link)
                .with(csrf())
                .param("displayName", "New")
                .param("wanted", password)
                .param("repeated", password));
    }

    private String roleOf(String email) {
        return system.sql("select role from member where account_id = ?")
                .param(accounts.findByEmail(email).orElseThrow().id().value())
                .query(String.class)
                .single();
    }
}
