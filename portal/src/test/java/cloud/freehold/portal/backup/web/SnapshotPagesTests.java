package cloud.freehold.portal.backup.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.patch;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.CommandProgress.Status;
import cloud.freehold.api.command.CommandResult;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.portal.backup.BackupScene;
import cloud.freehold.portal.backup.RecoveryPoint;
import cloud.freehold.portal.backup.Snapshot;
import cloud.freehold.portal.backup.Snapshots;
import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.operation.ChainsNow;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;

/** Snapshots from the browser and by the API, with a host that follows. */
@PortalTest
class SnapshotPagesTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Snapshots snapshots;

    @RegisterExtension
    private final BackupScene acme = BackupScene.withVm();

    private String page(String path) throws Exception {
        return acme.page(acme.anna(), path);
    }

    private List<Snapshot> of(VmId vm) {
        return fixtures.as(acme.anna(), () -> snapshots.of(acme.anna().tenant(), vm));
    }

    private Snapshot take(String name) throws Exception {
        assertThat(acme.send("/vms/" + acme.web() + "/snapshots", Map.of("name", name))
                        .getStatus())
                .isEqualTo(302);
        acme.hostFollows();
        return of(acme.web()).stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void emptyTabLeadsOnAndRefusalsComeBackBesideTheField() throws Exception {
        assertThat(page("/vms/" + acme.web() + "/snapshots"))
                .contains("No snapshots")
                .contains("it is no backup");
        MockHttpServletResponse nameless = acme.send("/vms/" + acme.web() + "/snapshots", Map.of("name", " "));
        assertThat(nameless.getStatus()).isEqualTo(422);
        assertThat(nameless.getContentAsString()).contains("Give the snapshot a name");
        take("first");
        MockHttpServletResponse twice = acme.send("/vms/" + acme.web() + "/snapshots", Map.of("name", "first"));
        assertThat(twice.getStatus()).isEqualTo(422);
        assertThat(twice.getContentAsString()).contains("has a snapshot of this name");
    }

    @Test
    void treeShowsWhereTheVmGoesOn() throws Exception {
        Snapshot first = take("first");
        Snapshot second = take("second");
        assertThat(second.depth()).isEqualTo(1);
        assertThat(page("/vms/" + acme.web() + "/snapshots"))
                .contains("2 of 16")
                .contains("web goes on from here");

        String back = "/vms/" + acme.web() + "/snapshots/" + first.id() + "/roll-back";
        assertThat(page(back)).contains("What they hold now is lost");
        MockHttpServletResponse wrong = acme.send(back, Map.of("confirm", "wep"));
        assertThat(wrong.getStatus()).isEqualTo(422);
        assertThat(wrong.getContentAsString()).contains("Type the name of the VM, web");
        assertThat(acme.send(back, Map.of("confirm", "web")).getStatus()).isEqualTo(302);
        acme.hostFollows();
        assertThat(of(acme.web()))
                .filteredOn(Snapshot::isHead)
                .extracting(Snapshot::name)
                .containsExactly("first");
        Snapshot third = take("third");
        assertThat(third.parent()).isEqualTo(first.id());
        assertThat(third.depth()).isEqualTo(1);

        assertThat(acme.send("/vms/" + acme.web() + "/snapshots/" + first.id() + "/delete", Map.of())
                        .getStatus())
                .isEqualTo(302);
        acme.hostFollows();
        assertThat(of(acme.web())).extracting(Snapshot::name).containsExactlyInAnyOrder("second", "third");
        assertThat(of(acme.web())).allMatch(each -> each.depth() == 0);
    }

    @Test
    void restoreInPlaceTakesSnapshotsAlongAndSaysSo() throws Exception {
        RecoveryPoint point = acme.rig().point(acme.anna(), acme.web());
        take("first");
        assertThat(page("/backups/points/" + point.id() + "/restore")).contains("Its 1 snapshot");
        acme.send(
                "/backups/points/" + point.id() + "/restore/volume",
                Map.of(
                        "volume", point.volumes().get(0).volumeId().toString(),
                        "vm", acme.web().toString(),
                        "volumeName", "old"));
        acme.hostFollows();
        assertThat(of(acme.web())).as("a further volume replaces nothing").hasSize(1);
        acme.send("/backups/points/" + point.id() + "/restore/in-place", Map.of("confirm", "web"));
        for (int step = 0; step < 4; step++) {
            new ChainsNow(context).run();
            acme.hostFollows();
        }
        assertThat(of(acme.web())).isEmpty();
    }

    @Test
    void severalVmsShareAMoment() throws Exception {
        VmId db = acme.rig().vm(acme.anna(), "db");
        assertThat(page("/vms/" + acme.web() + "/snapshots")).contains("At the same moment also");
        acme.send("/vms/" + acme.web() + "/snapshots", Map.of("name", "together", "vms", db.toString()));
        acme.hostFollows();
        assertThat(of(acme.web()))
                .singleElement()
                .satisfies(each -> assertThat(each.together()).containsExactly("db"));
        assertThat(of(db))
                .singleElement()
                .satisfies(each -> assertThat(each.together()).containsExactly("web"));
        MockHttpServletResponse memory = acme.send(
                "/vms/" + acme.web() + "/snapshots",
                Map.of("name", "with memory", "vms", db.toString(), "withMemory", "true"));
        assertThat(memory.getStatus()).isEqualTo(422);
        assertThat(memory.getContentAsString()).contains("one VM at a time");
    }

    @Test
    void hostThatAnswersForAnotherSnapshotIsNotBelieved() throws Exception {
        acme.host()
                .onCommand(command -> command instanceof HostCommand.TakeSnapshots
                        ? new CommandProgress(
                                Status.DONE,
                                100,
                                "",
                                null,
                                Instant.now(),
                                null,
                                new CommandResult.SnapshotsTaken(List.of()))
                        : acme.host().done(command));
        acme.send("/vms/" + acme.web() + "/snapshots", Map.of("name", "never there"));
        acme.hostFollows();
        assertThat(of(acme.web())).isEmpty();
    }

    @Test
    void programsTakeDescribeAndDelete() throws Exception {
        String api = "/api/v1/tenants/acme";
        mvc.perform(post(api + "/vms/" + acme.web() + "/snapshots")
                        .with(acme.anna().signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"name\": \"by a program\", \"withMemory\": true}"))
                .andExpect(status().isAccepted());
        acme.hostFollows();
        Snapshot taken = of(acme.web()).get(0);
        assertThat(taken.memoryBytes()).isPositive();
        mvc.perform(patch(api + "/snapshots/" + taken.id())
                        .with(acme.anna().signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"description\": \"why\"}"))
                .andExpect(status().isNoContent());
        mvc.perform(get(api + "/vms/" + acme.web() + "/snapshots")
                        .with(acme.anna().signedIn()))
                .andExpect(jsonPath("$.items[0].description").value("why"));
        mvc.perform(post(api + "/snapshots/" + taken.id() + "/roll-back")
                        .with(acme.anna().signedIn()))
                .andExpect(status().isAccepted());
        acme.hostFollows();
        mvc.perform(delete(api + "/snapshots/" + taken.id()).with(acme.anna().signedIn()))
                .andExpect(status().isAccepted());
        acme.hostFollows();
        assertThat(of(acme.web())).isEmpty();
        mvc.perform(post(api + "/vms/" + acme.web() + "/snapshots")
                        .with(acme.anna().signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"alsoVms\": [\"nonsense\"]}"))
                .andExpect(status().is4xxClientError());
    }

    @Test
    void othersSnapshotsAreNotFound() throws Exception {
        Snapshot mine = take("mine");
        Person gina = fixtures.owner("globex");
        Person vera = fixtures.viewer("acme");
        String api = "/api/v1/tenants/globex/snapshots/" + mine.id();
        mvc.perform(get("/t/globex/vms/" + acme.web() + "/snapshots").with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(get("/api/v1/tenants/globex/vms/" + acme.web() + "/snapshots")
                        .with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(delete(api).with(gina.signedIn())).andExpect(status().isNotFound());
        mvc.perform(post(api + "/roll-back").with(gina.signedIn())).andExpect(status().isNotFound());
        VmId lab = acme.rig().vm(gina, "lab");
        mvc.perform(post("/t/globex/vms/" + lab + "/snapshots/" + mine.id() + "/delete")
                        .with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(post("/t/globex/vms/" + lab + "/snapshots")
                        .param("name", "x")
                        .param("vms", acme.web().toString())
                        .with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(post("/t/acme/vms/" + acme.web() + "/snapshots/" + mine.id() + "/delete")
                        .with(vera.signedIn()))
                .andExpect(status().isForbidden());
        assertThat(of(acme.web())).hasSize(1);
    }
}
