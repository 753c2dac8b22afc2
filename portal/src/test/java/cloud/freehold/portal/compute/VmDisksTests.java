package cloud.freehold.portal.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import cloud.freehold.api.Problem;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.command.CommandProgress;
import cloud.freehold.api.command.HostCommand;
import cloud.freehold.api.observed.ObservedVm.GuestDisk;
import cloud.freehold.api.observed.ObservedVm.GuestFacts;
import cloud.freehold.portal.common.CapacityException;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.NotFoundException;
import cloud.freehold.portal.database.SystemAccess;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.operation.Operation;
import cloud.freehold.portal.operation.OperationState;
import cloud.freehold.portal.operation.Operations;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.portal.testing.PortalTest;
import cloud.freehold.testing.FakeHost;
import java.time.Instant;
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

/** Where a VM's disks lie is what its host says; how its guest uses them, what the guest says. */
@PortalTest
class VmDisksTests {

    @Autowired
    private ApplicationContext context;

    @Autowired
    private MockMvc mvc;

    @Autowired
    private Fixtures fixtures;

    @Autowired
    private Vms vms;

    @Autowired
    private Volumes volumes;

    @Autowired
    private Operations operations;

    @Autowired
    @SystemAccess
    private JdbcClient system;

    private Person otto;
    private FakeHost host;
    private VmId web;

    @BeforeEach
    void aVmOnAHost() throws Exception {
        otto = fixtures.operator("acme");
        host = new TestHosts(context).enrol("kvm-1");
        host.report();
        web = new VmId(fixtures.as(otto, () -> vms.create(otto.tenant(), new Catalog(system).vm("web"), null))
                .targetId());
        host.pollOnce(0);
    }

    @AfterEach
    void close() {
        host.close();
    }

    private VolumeView boot() {
        return fixtures.as(otto, () -> volumes.of(otto.tenant(), web)).get(0);
    }

    private Operation move(String pool, String key) {
        return fixtures.as(otto, () -> volumes.move(otto.tenant(), web, boot().id(), pool, key));
    }

    @Test
    void aDiskMovesToAnotherPoolAndIsThereWhenTheHostSaysSo() throws Exception {
        assertThat(boot().pool()).isEqualTo("default");
        Operation started = move("fast", "once");
        assertThat(move("fast", "once").id()).isEqualTo(started.id());
        host.pollOnce(0);
        assertThat(host.commandsSeen()).singleElement().satisfies(command -> {
            var order = (HostCommand.MirrorVolume) command;
            assertThat(order.vmId()).isEqualTo(web.value());
            assertThat(order.volumeId()).isEqualTo(boot().id());
            assertThat(order.pool()).isEqualTo("fast");
        });
        assertThat(fixtures.as(otto, () -> operations.get(otto.tenant(), started.id()))
                        .state())
                .isEqualTo(OperationState.DONE);
        host.report();
        assertThat(boot().pool()).isEqualTo("fast");
        mvc.perform(get("/t/acme/audit").with(otto.signedIn()))
                .andExpect(content().string(containsString("volume.moved")))
                .andExpect(content().string(containsString("volume.move-requested")));
    }

    @Test
    void onlyToAPoolThatThereIsThatIsAnotherAndHasRoom() {
        assertThatExceptionOfType(InvalidInputException.class).isThrownBy(() -> move("nowhere", null));
        assertThatExceptionOfType(InvalidInputException.class)
                .isThrownBy(() -> move("default", null))
                .withMessageContaining("already");
        assertThatExceptionOfType(CapacityException.class).isThrownBy(() -> move("full", null));
        assertThat(fixtures.as(otto, () -> operations.onDisks(otto.tenant(), web.value())))
                .isEmpty();
    }

    @Test
    void thePageSaysHowTheGuestUsesItsDisksAndWhatItShouldDo() throws Exception {
        String page = "/t/acme/vms/" + web + "/disks";
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(content().string(containsString("no guest agent")))
                .andExpect(content().string(not(containsString("could be faster"))));
        tell(new GuestDisk(boot().id(), "vda", "none", false, 1L << 20, 2));
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(content().string(containsString("used well")))
                .andExpect(content().string(not(containsString("could be faster"))));
        tell(new GuestDisk(boot().id(), "vda", "mq-deadline", true, 131_072L, 1));
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(content().string(containsString("Write none to /sys/block/vda/queue/scheduler.")))
                .andExpect(content().string(containsString("Write 0 to /sys/block/vda/queue/rotational")))
                .andExpect(content().string(containsString("pieces of 128 KiB")));
        tell(new GuestDisk(boot().id(), "vda", "none", true, 1L << 20, 1));
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(content().string(containsString("used well")))
                .andExpect(content().string(containsString("at each start by a udev rule")));
        // Guests may say anything.
        tell(new GuestDisk(boot().id(), "<b>", "<script>", null, null, null));
        mvc.perform(get(page).with(otto.signedIn()))
                .andExpect(content().string(containsString("&lt;script&gt;")))
                .andExpect(content().string(not(containsString("<script>."))));
    }

    private void tell(GuestDisk disk) throws Exception {
        host.guest(web.value(), new GuestFacts("web", null, List.of(), List.of(disk)));
        host.report();
    }

    @Test
    void thePageMovesAndSaysWhyNot() throws Exception {
        String page = "/t/acme/vms/" + web + "/disks";
        mvc.perform(post(page + "/move")
                        .with(otto.signedIn())
                        .param("volume", boot().id().toString())
                        .param("pool", "default")
                        .param("key", "k-1"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("lies in default already")));
        mvc.perform(post(page + "/move")
                        .with(otto.signedIn())
                        .param("volume", "nothing")
                        .param("pool", "fast")
                        .param("key", "k-2"))
                .andExpect(status().is(422))
                .andExpect(content().string(containsString("Choose a disk of the list.")));
        mvc.perform(post(page + "/move")
                        .with(otto.signedIn())
                        .param("volume", boot().id().toString())
                        .param("pool", "fast")
                        .param("key", "k-3"))
                .andExpect(redirectedUrl(page));
        mvc.perform(get(page).with(otto.signedIn())).andExpect(content().string(containsString("Move volume")));
    }

    @Test
    void thePageSaysWhyAMoveFailed() throws Exception {
        host.onCommand(command -> new CommandProgress(
                CommandProgress.Status.FAILED,
                5,
                "preparing",
                new Problem(ProblemCode.WRONG_STATE, "The volume has snapshots.", Instant.now()),
                Instant.now()));
        move("fast", null);
        host.pollOnce(0);
        mvc.perform(get("/t/acme/vms/" + web + "/disks").with(otto.signedIn()))
                .andExpect(content().string(containsString("the disk is where it was")))
                .andExpect(content().string(containsString("The volume has snapshots.")));
    }

    @Test
    void whoOnlyLooksMovesNothing() throws Exception {
        Person vera = fixtures.viewer("acme");
        String page = "/t/acme/vms/" + web + "/disks";
        mvc.perform(get(page).with(vera.signedIn()))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("Move a disk"))));
        mvc.perform(post(page + "/move").with(vera.signedIn()).param("pool", "fast"))
                .andExpect(status().isForbidden());
    }

    @Test
    void programsListAndMoveAndOthersFindNothing() throws Exception {
        String url = "/api/v1/tenants/acme/vms/" + web + "/volumes";
        mvc.perform(get(url).with(otto.signedIn()))
                .andExpect(jsonPath("$.items[0].device").value("vda"))
                .andExpect(jsonPath("$.items[0].pool").value("default"))
                .andExpect(jsonPath("$.pools[0]").value("default"))
                .andExpect(jsonPath("$.pools[1]").value("fast"));
        mvc.perform(post(url + "/" + boot().id() + "/move")
                        .with(otto.signedIn())
                        .contentType(MediaType.APPLICATION_JSON)
                        .content("{\"pool\":\"fast\"}"))
                .andExpect(status().isAccepted())
                .andExpect(header().string("Location", containsString("/operations/")));
        Person gina = fixtures.operator("globex");
        mvc.perform(get("/api/v1/tenants/globex/vms/" + web + "/volumes").with(gina.signedIn()))
                .andExpect(status().isNotFound());
        mvc.perform(get("/t/globex/vms/" + web + "/disks").with(gina.signedIn()))
                .andExpect(status().isNotFound());
        UUID disk = boot().id();
        assertThatExceptionOfType(NotFoundException.class)
                .isThrownBy(() -> fixtures.as(gina, () -> volumes.move(gina.tenant(), web, disk, "fast", null)));
        assertThat(fixtures.as(gina, () -> volumes.of(gina.tenant(), web))).isEmpty();
        assertThat(fixtures.as(gina, () -> volumes.pools(gina.tenant(), web))).isEmpty();
    }
}
