package cloud.freehold.portal.topology.domain;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.compute.VmState;
import cloud.freehold.portal.compute.VmView;
import cloud.freehold.portal.hostlink.HostProgress;
import cloud.freehold.portal.network.Network;
import cloud.freehold.portal.network.NetworkId;
import cloud.freehold.portal.network.Router;
import cloud.freehold.portal.network.RouterId;
import cloud.freehold.portal.topology.domain.Picture.Box;
import cloud.freehold.portal.topology.domain.Scene.Group;
import cloud.freehold.portal.topology.domain.Scene.Member;
import cloud.freehold.portal.topology.domain.Scene.Segment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** However much there is to draw: nothing overlaps, all is inside, every network of a router hangs on a line. */
class PictureLayoutTests {

    private static VmView vm(int number) {
        return new VmView(
                new VmId(UUID.randomUUID()),
                "vm" + number,
                "",
                VmState.RUNNING,
                true,
                "",
                "",
                1,
                1,
                1,
                List.of(),
                null,
                null,
                null,
                false,
                null,
                null,
                false,
                null,
                Instant.EPOCH,
                1);
    }

    private static Segment segment(int vms) {
        Network network = new Network(
                new NetworkId(UUID.randomUUID()),
                "n",
                1,
                4096,
                1500,
                List.of(),
                null,
                vms,
                HostProgress.UNUSED,
                Instant.EPOCH);
        return new Segment(
                network,
                IntStream.range(0, vms).mapToObj(i -> new Member(vm(i), null)).toList());
    }

    private static Group group(boolean joined, int... vms) {
        Router router = new Router(
                new RouterId(UUID.randomUUID()),
                "r",
                1,
                List.of(),
                List.of(),
                null,
                HostProgress.UNUSED,
                Instant.EPOCH);
        return new Group(
                joined ? router : null,
                IntStream.of(vms).mapToObj(PictureLayoutTests::segment).toList());
    }

    private static void check(Picture picture) {
        List<Box> outer = new ArrayList<>();
        picture.routers().forEach(router -> outer.add(router.box()));
        picture.lanes().forEach(lane -> outer.add(lane.box()));
        for (int i = 0; i < outer.size(); i++) {
            Box box = outer.get(i);
            assertThat(box.x()).isNotNegative();
            assertThat(box.right()).isLessThanOrEqualTo(picture.width());
            assertThat(box.bottom()).isLessThanOrEqualTo(picture.height());
            for (Box other : outer.subList(0, i)) {
                assertThat(box.overlaps(other)).as(box + " and " + other).isFalse();
            }
        }
        for (Picture.Lane lane : picture.lanes()) {
            assertThat(lane.rows().size() + lane.more())
                    .isEqualTo(lane.segment().members().size());
            for (int i = 0; i < lane.rows().size(); i++) {
                Box row = lane.rows().get(i).box();
                assertThat(row.x()).isGreaterThan(lane.box().x());
                assertThat(row.right()).isLessThan(lane.box().right());
                assertThat(row.bottom()).isLessThan(lane.box().bottom());
                for (int k = 0; k < i; k++) {
                    assertThat(row.overlaps(lane.rows().get(k).box())).isFalse();
                }
            }
        }
    }

    @Test
    void nothingOverlapsHoweverMuchThereIs() {
        Random random = new Random(20_261_125);
        for (int round = 0; round < 200; round++) {
            List<Group> groups = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                groups.add(group(true, random.ints(random.nextInt(9), 0, 30).toArray()));
            }
            groups.add(group(false, random.ints(random.nextInt(9), 0, 30).toArray()));
            check(PictureLayout.of(new Scene(groups, List.of())));
        }
    }

    @Test
    void everyNetworkOfARouterHangsOnALineAndTheOthersDoNot() {
        Picture picture = PictureLayout.of(new Scene(List.of(group(true, 1, 2, 3, 4), group(false, 1)), List.of()));
        assertThat(picture.lanes()).hasSize(5);
        for (Picture.Lane lane : picture.lanes().subList(0, 4)) {
            String end = "V" + lane.box().y();
            assertThat(picture.lines())
                    .anySatisfy(line -> assertThat(line.path())
                            .startsWith("M" + (lane.box().x() + lane.box().width() / 2))
                            .endsWith(end));
        }
        // One trunk for each row of three.
        assertThat(picture.lines().stream().filter(line -> line.path().contains("H")))
                .hasSize(2);
        assertThat(picture.lines()).hasSize(6);
    }

    @Test
    void aRouterWithoutNetworksAndAnEmptySceneHaveTheirPlace() {
        check(PictureLayout.of(new Scene(List.of(group(true), group(true, 1)), List.of())));
        assertThat(PictureLayout.of(new Scene(List.of(), List.of())).height()).isLessThan(10);
    }
}
