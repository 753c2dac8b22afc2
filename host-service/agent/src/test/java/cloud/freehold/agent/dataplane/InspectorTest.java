package cloud.freehold.agent.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.Objects;
import cloud.freehold.agent.desired.Desired;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.api.query.DescribedPacket;
import cloud.freehold.api.query.LiveConnection;
import cloud.freehold.api.query.Question;
import cloud.freehold.api.query.Question.ListConnections;
import cloud.freehold.api.query.Question.ListConnections.Order;
import cloud.freehold.api.query.Question.ListConnections.Position;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InspectorTest {
    private static final UUID NIC = Objects.id("nic");
    private static final Instant LATER = Instant.MAX;

    private final FakeInside inside = new FakeInside(NIC);
    private final Inspector inspector = inside.inspector();

    private static LiveConnection tcp(int number, boolean ingress, String remote, int port, String state) {
        var name = ingress
                ? new ConnectionName(number, 6, remote, 40_000 + number, "10.0.0.5", port)
                : new ConnectionName(number, 6, "10.0.0.5", 40_000 + number, remote, port);
        return new LiveConnection(
                name,
                ingress,
                state,
                true,
                number,
                number * 100L,
                number,
                number * 10L,
                number * 60_000L,
                number * 1_000L,
                Objects.id("rule " + port));
    }

    private static ListConnections list(
            ConnectionFilter filter, Order order, boolean descending, Position after, int n) {
        return new ListConnections(NIC, filter, order, descending, after, n);
    }

    private static List<Long> handles(List<LiveConnection> connections) {
        return connections.stream()
                .map(connection -> connection.name().handle())
                .toList();
    }

    @Test
    void countsAllAndListsWhatMatches() throws Exception {
        inside.add(tcp(1, true, "192.0.2.7", 443, "established"));
        inside.add(tcp(2, true, "192.0.2.8", 443, "syn-received"));
        inside.add(tcp(3, false, "198.51.100.9", 5432, "established"));
        inside.add(tcp(4, true, "203.0.113.200", 22, "time-wait"));

        var filter = new ConnectionFilter("192.0.2.0/29", 443, 6, "established", true, Objects.id("rule 443"));
        var found = inspector.connections(list(filter, Order.AGE, false, null, 10), LATER);
        assertThat(handles(found.connections())).containsExactly(1L);
        assertThat(found.matching()).isEqualTo(1);
        assertThat(found.live()).isEqualTo(4);
        assertThat(found.complete()).isTrue();
        assertThat(found.next()).isNull();
    }

    @Test
    void networksMatchToTheBit() throws Exception {
        inside.add(tcp(1, true, "192.0.2.7", 443, "established"));
        inside.add(tcp(2, true, "192.0.2.8", 443, "established"));
        inside.add(tcp(3, true, "2001:db8::1", 443, "established"));
        inside.add(tcp(4, true, "2001:db8:0:1::1", 443, "established"));
        assertThat(matching("192.0.2.0/29")).containsExactly(1L);
        assertThat(matching("192.0.2.8")).containsExactly(2L);
        assertThat(matching("0.0.0.0/0")).containsExactlyInAnyOrder(1L, 2L);
        assertThat(matching("2001:db8::/64")).containsExactly(3L);
        assertThat(matching("::/0")).containsExactlyInAnyOrder(3L, 4L);
    }

    private List<Long> matching(String remote) throws Exception {
        var filter = new ConnectionFilter(remote, null, null, null, null, null);
        return handles(inspector
                .connections(list(filter, Order.AGE, false, null, 10), LATER)
                .connections());
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void pagesFollowEachOtherWithoutGapOrRepetitionInEitherDirection(Order order) throws Exception {
        var random = new Random(7);
        var states = List.of("established", "time-wait", "syn-sent");
        for (int i = 1; i <= 100; i++) {
            inside.add(tcp(i, random.nextBoolean(), "192.0.2." + random.nextInt(20), 443, states.get(i % 3)));
        }
        Collections.shuffle(inside.connections, random);
        var up = walk(order, false);
        var down = walk(order, true);
        assertThat(up).hasSize(100).doesNotHaveDuplicates();
        Collections.reverse(down);
        assertThat(down).isEqualTo(up);
        if (order == Order.BYTES || order == Order.AGE || order == Order.EXPIRES || order == Order.PACKETS) {
            assertThat(up).isSortedAccordingTo(Comparator.naturalOrder());
        }
    }

    private List<Long> walk(Order order, boolean descending) throws Exception {
        var seen = new ArrayList<Long>();
        Position after = null;
        do {
            var page = inspector.connections(list(ConnectionFilter.ALL, order, descending, after, 7), LATER);
            seen.addAll(handles(page.connections()));
            after = page.next();
        } while (after != null);
        return seen;
    }

    @Test
    void endsExactlyWhatIsNamedOrMatches() throws Exception {
        for (int i = 1; i <= 5; i++) {
            inside.add(tcp(i, true, "192.0.2." + i, i == 5 ? 22 : 443, "established"));
        }
        var named = List.of(inside.connections.get(1).name());
        assertThat(inspector
                        .end(new Question.EndConnections(NIC, named, null), LATER)
                        .ended())
                .isEqualTo(1);
        assertThat(handles(inside.connections)).containsExactly(1L, 3L, 4L, 5L);
        var https = new ConnectionFilter(null, 443, null, null, null, null);
        assertThat(inspector
                        .end(new Question.EndConnections(NIC, null, https), LATER)
                        .ended())
                .isEqualTo(3);
        assertThat(handles(inside.connections)).containsExactly(5L);
        assertThat(inspector
                        .end(new Question.EndConnections(NIC, null, ConnectionFilter.ALL), LATER)
                        .ended())
                .isEqualTo(1);
        assertThat(inside.connections).isEmpty();
    }

    @Test
    void previewPutsTheGroupAnewAndOnlySetsThatAreNotThere() throws Exception {
        var present = Desired.NOTHING
                .with(Objects.full(4, Objects.members(4, "10.0.0.5"), Objects.group(4)))
                .orElseThrow();
        var other = new cloud.freehold.api.desired.DesiredAddressSet.SetRef(
                cloud.freehold.api.ObjectKind.ADDRESS_GROUP, Objects.id("office"));
        var office = new cloud.freehold.api.desired.DesiredAddressSet(
                other, 1, Objects.TENANT, true, 0, List.of("192.0.2.0/24"), List.of());
        var cuts = inspector.preview(
                Objects.group(4),
                List.of(Objects.members(9, "10.0.0.6"), office),
                present,
                Instant.MAX.minusSeconds(1));
        assertThat(cuts.connections()).isEqualTo(2);
        var changes = inside.previewed.get(0);
        assertThat(changes).extracting(change -> change.object().id()).containsExactly(other.id(), Objects.id("group"));
        assertThat(changes).allMatch(change -> change.revision() != 4);
    }

    @Test
    void aRestartedDataplaneIsAskedAgain() throws Exception {
        inside.add(tcp(1, true, "192.0.2.7", 443, "established"));
        inspector.connections(list(null, null, false, null, 10), LATER);
        inside.restart();
        assertThat(inspector
                        .connections(list(null, null, false, null, 10), LATER)
                        .live())
                .isEqualTo(1);
        assertThat(inside.opened).isEqualTo(2);
    }

    @Test
    void whyOneCannotLookHasACode() {
        var packet = new DescribedPacket(true, 6, 2, "10.0.0.9", 1, "10.0.0.5", 22);
        assertThatThrownBy(() -> inspector.test(new Question.TestPacket(Objects.id("gone"), packet)))
                .isInstanceOfSatisfying(
                        InspectionException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.NOT_THERE));
        inside.up(false);
        assertThatThrownBy(() -> inspector.test(new Question.TestPacket(NIC, packet)))
                .isInstanceOfSatisfying(
                        InspectionException.class,
                        e -> assertThat(e.code()).isEqualTo(ProblemCode.DATAPLANE_UNAVAILABLE));
        var nonsense = new ConnectionFilter("nonsense", null, null, null, null, null);
        assertThatThrownBy(() -> inspector.connections(list(nonsense, Order.AGE, false, null, 10), LATER))
                .isInstanceOf(InspectionException.class);
    }
}
