package cloud.freehold.portal.backup.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.backup.BackupFixture;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.operation.ChainsNow;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

/** Every page in every state, whole and as its fragment, and what its buttons do. */
@PortalTest
class BackupPagesTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private BackupFixture rig;
    private Person anna;
    private Person vera;

    @BeforeEach
    void aTenant() throws IOException {
        anna = fixtures.owner("acme");
        vera = fixtures.viewer("acme");
        rig = new BackupFixture(context, system);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private String page(String path) throws Exception {
        return page(anna, path);
    }

    private String page(Person who, String path) throws Exception {
        String whole = mvc.perform(get("/t/acme" + path).with(who.signedIn()))
                .andExpect(status().isOk())
                .andReturn()
                .getResponse()
                .getContentAsString();
        assertThat(whole).contains("<!DOCTYPE html>").doesNotContain(" style=");
        assertThat(whole.strip()).as("nothing follows the page").endsWith("</html>");
        return whole;
    }

    private String fragment(String path) throws Exception {
        String part = mvc.perform(get("/t/acme" + path).with(anna.signedIn()).header("HX-Request", "true"))
                .andExpect(status().isOk())
                .andReturn()
                .getResponse()
                .getContentAsString();
        assertThat(part).doesNotContain("<html");
        return part;
    }

    private MockHttpServletResponse send(String path, Map<String, String> fields) throws Exception {
        MockHttpServletRequestBuilder request = post("/t/acme" + path).with(anna.signedIn());
        fields.forEach(request::param);
        return mvc.perform(request).andReturn().getResponse();
    }

    @Test
    void emptyPagesLeadOn() throws Exception {
        assertThat(page("/backups")).contains("Create the first VM");
        assertThat(page("/backups/points")).contains("Back up a VM now");
        assertThat(page("/backups/points?removed=true")).contains("Nothing to bring back");
        assertThat(page("/backups/policies")).contains("Make the first policy");
        assertThat(page("/backups/drills")).contains("Choose a recovery point");
        assertThat(page(vera, "/backups")).doesNotContain("/backups/new");
    }

    @Test
    void drillsAreOffered() throws Exception {
        RecoveryPoint point = rig.point(anna, rig.vm(anna, "web"));
        assertThat(page("/backups/points/" + point.id()))
                .contains("It was not tried in a drill yet")
                .contains("Start a drill")
                .contains("name=\"port\"")
                .contains(">Restore drills<");
        assertThat(page("/backups/policies/new")).contains("name=\"drill\"").contains("name=\"drillPort\"");
    }

    @Test
    void pagesShowPointsPoliciesAndDrills() throws Exception {
        VmId web = rig.vm(anna, "web");
        RecoveryPoint point = rig.point(anna, web);
        assertThat(send("/backups/points/" + point.id() + "/drill", Map.of()).getRedirectedUrl())
                .endsWith(point.id().toString());
        send("/backups/points/" + point.id() + "/verify", Map.of());
        rig.hostFollows();
        for (String range : new String[] {"day", "week", "month", "year", "nonsense"}) {
            assertThat(page("/backups?range=" + range))
                    .contains("data-kind=\"filesystem\"")
                    .contains("1 recovery point");
        }
        fragment("/backups");
        assertThat(page("/backups/points")).contains("filesystem-consistent").contains("verified");
        fragment("/backups/points");
        assertThat(page("/backups/points?vm=" + web)).contains(point.id().toString());
        assertThat(page("/backups/points/" + point.id()))
                .contains("froze the filesystems for 85 ms")
                .contains("held up for 12 ms")
                .contains("up after 4.2 s");
        fragment("/backups/points/" + point.id());
        assertThat(page("/backups/drills")).contains("passed").contains("/screenshot");
        fragment("/backups/drills");
        assertThat(page("/vms/" + web + "/backups")).contains("by hand only");
        fragment("/vms/" + web + "/backups");
        assertThat(page(vera, "/backups/points/" + point.id()))
                .doesNotContain("/remove")
                .doesNotContain("/restore");
    }

    /** Ten a page on the VM's tab, twenty in the list: fifty were a page of 15,000 pixels on a phone. */
    @Test
    void manyPointsAreLeafedThrough() throws Exception {
        VmId web = rig.vm(anna, "web");
        for (int i = 0; i < 23; i++) {
            rig.point(anna, web);
        }
        List<String> newestFirst =
                rig.points(anna).stream().map(point -> point.id().toString()).toList();
        String tab = "/vms/" + web + "/backups";
        String list = "/backups/points";
        assertThat(pointsOn(page(tab))).isEqualTo(newestFirst.subList(0, 10));
        assertThat(pointsOn(page(tab + "?page=2"))).isEqualTo(newestFirst.subList(10, 20));
        assertThat(page(tab + "?page=99"))
                .contains("Page 3 of 3", "hx-get=\"/t/acme" + tab + "?page=3\"")
                .doesNotContain("rel=\"next\"");
        assertThat(pointsOn(fragment(tab + "?page=99"))).isEqualTo(newestFirst.subList(20, 23));
        assertThat(pointsOn(page(list + "?page=nonsense"))).isEqualTo(newestFirst.subList(0, 20));
        assertThat(page(list + "?vm=" + web)).contains("href=\"/t/acme" + list + "?vm=" + web + "&amp;page=2\"");
        assertThat(pointsOn(fragment(list + "?vm=" + web + "&page=2"))).isEqualTo(newestFirst.subList(20, 23));
        assertThat(page(list + "?removed=true&page=2")).contains("Nothing to bring back");
    }

    private static List<String> pointsOn(String page) {
        return Pattern.compile("id=\"point-([0-9a-f-]{36})\"")
                .matcher(page)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    @Test
    void backupByHandIsAskedForWatchedAndCancelled() throws Exception {
        VmId web = rig.vm(anna, "web");
        rig.host.onCommand(command -> null);
        page("/backups/new");
        MockHttpServletResponse sent = send(
                "/backups", Map.of("vm", web.toString(), "wanted", "BARRIER", "acceptable", "CRASH", "note", "now"));
        assertThat(sent.getStatus()).isEqualTo(302);
        String operation = sent.getRedirectedUrl().substring("/t/acme".length());
        rig.hostFollows();
        assertThat(page(operation)).contains("Cancel");
        assertThat(page("/vms/" + web + "/backups")).contains("Cancel");
        assertThat(send(operation + "/cancel", Map.of()).getStatus()).isEqualTo(302);
        assertThat(page(operation)).contains("cancelled");
        assertThat(page("/operations")).contains("Back up");
    }

    @Test
    void refusedFormsComeBackWithTheReasonBesideTheField() throws Exception {
        VmId web = rig.vm(anna, "web");
        MockHttpServletResponse refused =
                send("/vms/" + web + "/backups", Map.of("wanted", "CRASH", "acceptable", "FILESYSTEM"));
        assertThat(refused.getStatus()).isEqualTo(422);
        assertThat(refused.getContentAsString()).contains("cannot be stronger");
        assertThat(send("/backups", Map.of()).getStatus()).isEqualTo(422);
        MockHttpServletResponse policy = send(
                "/backups/policies",
                Map.of("name", "x", "store", rig.store.toString(), "kind", "CRON", "cron", "* * * * *"));
        assertThat(policy.getStatus()).isEqualTo(422);
        assertThat(policy.getContentAsString()).contains("at least 10 minutes");
    }

    @Test
    void policyIsMadePreviewedChangedRunPrunedAndDeleted() throws Exception {
        VmId web = rig.vm(anna, "web");
        page("/backups/policies/new");
        Map<String, String> fields = new java.util.HashMap<>(Map.of(
                "name", "nightly",
                "enabled", "true",
                "store", rig.store.toString(),
                "scope", "ALL",
                "kind", "WEEKLY",
                "at", "02:30",
                "weekday", "7",
                "keepDaily", "7",
                "objective", "26",
                "verify", "WEEKLY"));
        fields.put("preview", "1");
        MockHttpServletResponse preview = send("/backups/policies", fields);
        assertThat(preview.getStatus()).isEqualTo(200);
        assertThat(preview.getContentAsString())
                .contains("every Sunday at 02:30")
                .contains("7 daily");
        fields.remove("preview");
        String policy = send("/backups/policies", fields).getRedirectedUrl().substring("/t/acme".length());
        assertThat(page(policy)).contains("every Sunday at 02:30").contains("waits for its first run");
        assertThat(send(policy + "/run", Map.of()).getStatus()).isEqualTo(302);
        rig.hostFollows();
        assertThat(page(policy)).contains("daily 1 of 7");
        fragment(policy);
        assertThat(page(policy + "/edit")).contains("value=\"7\"");
        fields.put("keepDaily", "0");
        fields.put("keepLast", "1");
        fields.put("version", "0");
        fields.put("preview", "1");
        assertThat(send(policy + "/edit", fields).getContentAsString()).contains("last 1 of 1");
        fields.remove("preview");
        assertThat(send(policy + "/edit", fields).getStatus()).isEqualTo(302);
        assertThat(send(policy + "/edit", fields).getStatus())
                .as("a version that is no more")
                .isEqualTo(422);
        assertThat(send(policy + "/prune", Map.of()).getStatus()).isEqualTo(302);
        assertThat(page("/backups/policies")).contains("nightly").contains("in time");
        fragment("/backups/policies");
        assertThat(page("/vms/" + web + "/backups")).contains("nightly");
        assertThat(send(policy + "/delete", Map.of()).getStatus()).isEqualTo(302);
        assertThat(page("/backups/policies")).contains("Make the first policy");
    }

    @Test
    void labelsAreSaved() throws Exception {
        VmId web = rig.vm(anna, "web");
        assertThat(send("/vms/" + web + "/backups/labels", Map.of("labels", "prod, env=test"))
                        .getStatus())
                .isEqualTo(302);
        assertThat(page("/vms/" + web + "/backups")).contains("env=test, prod");
    }

    @Test
    void restorePageOffersAllWaysAndEachGoes() throws Exception {
        VmId web = rig.vm(anna, "web");
        RecoveryPoint point = rig.point(anna, web);
        String restore = "/backups/points/" + point.id() + "/restore";
        assertThat(page(restore)).contains("web-2").contains("Overwrite the disks");
        MockHttpServletResponse wrong = send(restore + "/in-place", Map.of("confirm", "wep", "keepPresent", "true"));
        assertThat(wrong.getStatus()).isEqualTo(422);
        assertThat(wrong.getContentAsString()).contains("Type the name of the VM, web");
        String toNew = send(restore + "/new-vm", Map.of("name", "web-2", "live", "true"))
                .getRedirectedUrl();
        assertThat(page(toNew.substring("/t/acme".length()))).contains("Steps").contains("Create VM web-2");
        assertThat(send(
                                restore + "/volume",
                                Map.of(
                                        "volume",
                                        point.volumes().get(0).volumeId().toString(),
                                        "vm",
                                        web.toString(),
                                        "volumeName",
                                        "old"))
                        .getStatus())
                .isEqualTo(302);
        rig.hostFollows();
        new ChainsNow(context).run();
        assertThat(send(restore + "/in-place", Map.of("confirm", "web", "keepPresent", "true"))
                        .getStatus())
                .isEqualTo(302);
    }

    @Test
    void pointIsDescribedRemovedAndBroughtBack() throws Exception {
        VmId web = rig.vm(anna, "web");
        RecoveryPoint point = rig.point(anna, web);
        String path = "/backups/points/" + point.id();
        send(path + "/describe", Map.of("note", "before the move", "isProtected", "true"));
        assertThat(page(path)).contains("before the move").doesNotContain("/remove");
        assertThat(send(path + "/remove", Map.of()).getStatus()).isEqualTo(409);
        send(path + "/describe", Map.of("note", ""));
        send(path + "/remove", Map.of());
        assertThat(page(path)).contains("Bring it back").contains("Removed by");
        assertThat(page("/backups/points?removed=true")).contains("Bring back");
        send(path + "/bring-back", Map.of());
        assertThat(page(path)).doesNotContain("Bring it back");
        assertThat(send("/backups/stores/" + rig.store + "/collect", Map.of()).getStatus())
                .isEqualTo(302);
    }

    @Test
    void othersPointsAreNotFound() throws Exception {
        VmId web = rig.vm(anna, "web");
        RecoveryPoint point = rig.point(anna, web);
        Person gina = fixtures.owner("globex");
        for (String path : new String[] {"", "/restore"}) {
            mvc.perform(get("/t/globex/backups/points/" + point.id() + path).with(gina.signedIn()))
                    .andExpect(status().isNotFound());
        }
        mvc.perform(get("/t/globex/vms/" + web + "/backups").with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(post("/t/globex/backups/points/" + point.id() + "/remove").with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(post("/t/acme/backups/points/" + point.id() + "/remove").with(vera.signedIn()))
                .andExpect(status().isForbidden());
    }
}
