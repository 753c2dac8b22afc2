package cloud.freehold.portal.backup.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.portal.backup.BackupScene;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.ChainsNow;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;

/** Every page in every state, whole and as its fragment, and what its buttons do. */
@PortalTest
class BackupPagesTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @RegisterExtension
    private final BackupScene acme = BackupScene.withStore();

    private Person vera;

    @BeforeEach
    void vera() {
        vera = fixtures.viewer("acme");
    }

    private String page(String path) throws Exception {
        return acme.page(acme.anna(), path);
    }

    private String fragment(String path) throws Exception {
        String part = mvc.perform(
                        get("/t/acme" + path).with(acme.anna().signedIn()).header("HX-Request", "true"))
                .andExpect(status().isOk())
                .andReturn()
                .getResponse()
                .getContentAsString();
        assertThat(part).doesNotContain("<html");
        return part;
    }

    @Test
    void emptyPagesLeadOn() throws Exception {
        assertThat(page("/backups")).contains("Create the first VM");
        assertThat(page("/backups/points")).contains("Back up a VM now");
        assertThat(page("/backups/points?removed=true")).contains("Nothing to bring back");
        assertThat(page("/backups/policies")).contains("Make the first policy");
        assertThat(page("/backups/drills")).contains("Choose a recovery point");
        assertThat(acme.page(vera, "/backups")).doesNotContain("/backups/new");
    }

    @Test
    void drillsAreOffered() throws Exception {
        RecoveryPoint point = acme.rig().point(acme.anna(), acme.rig().vm(acme.anna(), "web"));
        assertThat(page("/backups/points/" + point.id()))
                .contains("It was not tried in a drill yet")
                .contains("Start a drill")
                .contains("name=\"port\"")
                .contains(">Restore drills<");
        assertThat(page("/backups/policies/new")).contains("name=\"drill\"").contains("name=\"drillPort\"");
    }

    @Test
    void pagesShowPointsPoliciesAndDrills() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        RecoveryPoint point = acme.rig().point(acme.anna(), web);
        assertThat(acme.send("/backups/points/" + point.id() + "/drill", Map.of())
                        .getRedirectedUrl())
                .endsWith(point.id().toString());
        acme.send("/backups/points/" + point.id() + "/verify", Map.of());
        acme.hostFollows();
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
        assertThat(acme.page(vera, "/backups/points/" + point.id()))
                .doesNotContain("/remove")
                .doesNotContain("/restore");
    }

    /** Ten a page on the VM's tab, twenty in the list: fifty were a page of more than 10,000 pixels on a phone. */
    @Test
    void manyPointsAreLeafedThrough() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        for (int i = 0; i < 23; i++) {
            acme.rig().point(acme.anna(), web);
        }
        List<String> newestFirst = acme.rig().points(acme.anna()).stream()
                .map(point -> point.id().toString())
                .toList();
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
        VmId web = acme.rig().vm(acme.anna(), "web");
        acme.host().onCommand(command -> null);
        page("/backups/new");
        MockHttpServletResponse sent = acme.send(
                "/backups", Map.of("vm", web.toString(), "wanted", "BARRIER", "acceptable", "CRASH", "note", "now"));
        assertThat(sent.getStatus()).isEqualTo(302);
        String operation = sent.getRedirectedUrl().substring("/t/acme".length());
        acme.hostFollows();
        assertThat(page(operation)).contains("Cancel");
        assertThat(page("/vms/" + web + "/backups")).contains("Cancel");
        assertThat(acme.send(operation + "/cancel", Map.of()).getStatus()).isEqualTo(302);
        assertThat(page(operation)).contains("cancelled");
        assertThat(page("/operations")).contains("Back up");
    }

    @Test
    void refusedFormsComeBackWithTheReasonBesideTheField() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        MockHttpServletResponse refused =
                acme.send("/vms/" + web + "/backups", Map.of("wanted", "CRASH", "acceptable", "FILESYSTEM"));
        assertThat(refused.getStatus()).isEqualTo(422);
        assertThat(refused.getContentAsString()).contains("cannot be stronger");
        assertThat(acme.send("/backups", Map.of()).getStatus()).isEqualTo(422);
        MockHttpServletResponse policy = acme.send(
                "/backups/policies",
                Map.of("name", "x", "store", acme.rig().store.toString(), "kind", "CRON", "cron", "* * * * *"));
        assertThat(policy.getStatus()).isEqualTo(422);
        assertThat(policy.getContentAsString()).contains("at least 10 minutes");
    }

    @Test
    void policyIsMadePreviewedChangedRunPrunedAndDeleted() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        page("/backups/policies/new");
        Map<String, String> fields = new java.util.HashMap<>(Map.of(
                "name", "nightly",
                "enabled", "true",
                "store", acme.rig().store.toString(),
                "scope", "ALL",
                "kind", "WEEKLY",
                "at", "02:30",
                "weekday", "7",
                "keepDaily", "7",
                "objective", "26",
                "verify", "WEEKLY"));
        fields.put("preview", "1");
        MockHttpServletResponse preview = acme.send("/backups/policies", fields);
        assertThat(preview.getStatus()).isEqualTo(200);
        assertThat(preview.getContentAsString())
                .contains("every Sunday at 02:30")
                .contains("7 daily");
        fields.remove("preview");
        String policy =
                acme.send("/backups/policies", fields).getRedirectedUrl().substring("/t/acme".length());
        assertThat(page(policy)).contains("every Sunday at 02:30").contains("waits for its first run");
        assertThat(acme.send(policy + "/run", Map.of()).getStatus()).isEqualTo(302);
        acme.hostFollows();
        assertThat(page(policy)).contains("daily 1 of 7");
        fragment(policy);
        assertThat(page(policy + "/edit")).contains("value=\"7\"");
        fields.put("keepDaily", "0");
        fields.put("keepLast", "1");
        fields.put("version", "0");
        fields.put("preview", "1");
        assertThat(acme.send(policy + "/edit", fields).getContentAsString()).contains("last 1 of 1");
        fields.remove("preview");
        assertThat(acme.send(policy + "/edit", fields).getStatus()).isEqualTo(302);
        assertThat(acme.send(policy + "/edit", fields).getStatus())
                .as("a version that is no more")
                .isEqualTo(422);
        assertThat(acme.send(policy + "/prune", Map.of()).getStatus()).isEqualTo(302);
        assertThat(page("/backups/policies")).contains("nightly").contains("in time");
        fragment("/backups/policies");
        assertThat(page("/vms/" + web + "/backups")).contains("nightly");
        assertThat(acme.send(policy + "/delete", Map.of()).getStatus()).isEqualTo(302);
        assertThat(page("/backups/policies")).contains("Make the first policy");
    }

    /** As an API client may have set it. */
    @Test
    void whatNoFormWouldSetIsShownAndStaysAsItIs() throws Exception {
        Map<String, String> fields = new java.util.HashMap<>(Map.of(
                "name", "odd",
                "enabled", "true",
                "store", acme.rig().store.toString(),
                "scope", "ALL",
                "kind", "WEEKLY",
                "at", "02:30",
                "weekday", "7",
                "keepDaily", "7",
                "objective", "1.5"));
        fields.put("verify", "cron:@weekly");
        fields.put("recovery", "0.75");
        String policy =
                acme.send("/backups/policies", fields).getRedirectedUrl().substring("/t/acme".length());
        assertThat(page(policy + "/edit"))
                .contains("value=\"1.5\"")
                .contains("value=\"0.75\"")
                .contains("value=\"cron:@weekly\"");
        fields.put("version", "0");
        fields.put("objective", "1e9");
        assertThat(acme.send(policy + "/edit", fields).getStatus()).isEqualTo(422);
        fields.put("objective", "1,5");
        assertThat(acme.send(policy + "/edit", fields).getStatus()).isEqualTo(302);
    }

    @Test
    void labelsAreSaved() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        assertThat(acme.send("/vms/" + web + "/backups/labels", Map.of("labels", "prod, env=test"))
                        .getStatus())
                .isEqualTo(302);
        assertThat(page("/vms/" + web + "/backups")).contains("env=test, prod");
    }

    @Test
    void restorePageOffersAllWaysAndEachGoes() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        RecoveryPoint point = acme.rig().point(acme.anna(), web);
        String restore = "/backups/points/" + point.id() + "/restore";
        assertThat(page(restore)).contains("web-2").contains("Overwrite the disks");
        MockHttpServletResponse wrong =
                acme.send(restore + "/in-place", Map.of("confirm", "wep", "keepPresent", "true"));
        assertThat(wrong.getStatus()).isEqualTo(422);
        assertThat(wrong.getContentAsString()).contains("Type the name of the VM, web");
        String toNew = acme.send(restore + "/new-vm", Map.of("name", "web-2", "live", "true"))
                .getRedirectedUrl();
        assertThat(page(toNew.substring("/t/acme".length()))).contains("Steps").contains("Create VM web-2");
        assertThat(acme.send(
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
        acme.hostFollows();
        new ChainsNow(context).run();
        assertThat(acme.send(restore + "/in-place", Map.of("confirm", "web", "keepPresent", "true"))
                        .getStatus())
                .isEqualTo(302);
    }

    @Test
    void pointIsDescribedRemovedAndBroughtBack() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        RecoveryPoint point = acme.rig().point(acme.anna(), web);
        String path = "/backups/points/" + point.id();
        acme.send(path + "/describe", Map.of("note", "before the move", "isProtected", "true"));
        assertThat(page(path)).contains("before the move").doesNotContain("/remove");
        assertThat(acme.send(path + "/remove", Map.of()).getStatus()).isEqualTo(409);
        acme.send(path + "/describe", Map.of("note", ""));
        acme.send(path + "/remove", Map.of());
        assertThat(page(path)).contains("Bring it back").contains("Removed by");
        assertThat(page("/backups/points?removed=true")).contains("Bring back");
        acme.send(path + "/bring-back", Map.of());
        assertThat(page(path)).doesNotContain("Bring it back");
        assertThat(acme.send("/backups/stores/" + acme.rig().store + "/collect", Map.of())
                        .getStatus())
                .isEqualTo(302);
    }

    @Test
    void othersPointsAreNotFound() throws Exception {
        VmId web = acme.rig().vm(acme.anna(), "web");
        RecoveryPoint point = acme.rig().point(acme.anna(), web);
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
