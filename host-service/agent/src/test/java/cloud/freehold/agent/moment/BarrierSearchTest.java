package cloud.freehold.agent.moment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.agent.command.FakeOrder;
import cloud.freehold.agent.command.OrderFailure;
import cloud.freehold.agent.libvirt.HypervisorException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BarrierSearchTest {
    private static final int SEEDS = 200;
    private final FakeOrder order = new FakeOrder();
    private final List<WatchedVm> released = new ArrayList<>();

    private BarrierSearch search(List<WatchedVm> vms) {
        return new BarrierSearch(
                vms,
                vm -> {
                    released.add(vm);
                    try {
                        vm.go();
                    } catch (HypervisorException e) {
                        // The caller's to deal with.
                    }
                },
                order);
    }

    private static List<WatchedVm> watched(BusyGuest... guests) {
        return List.of(guests).stream()
                .map(guest -> new WatchedVm(guest.subject()))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"WF", "WWFWF", "WFWWFWFF", "WWWWWWWWF"})
    void aGuestThatNeverRestsIsCaughtAtABarrierHoweverSlowlyItIsLookedAt(String requests) throws Exception {
        for (int seed = 0; seed < SEEDS; seed++) {
            var guest = new BusyGuest(seed, requests, 50);
            var moments = new ArrayList<Boolean>();
            assertThat(search(watched(guest)).find(() -> moments.add(!guest.runs && guest.atBarrier)))
                    .as("seed %d", seed)
                    .isTrue();
            assertThat(moments).containsExactly(true);
            assertThat(guest.runs).isTrue();
        }
    }

    @Test
    void severalGuestsAreCaughtTogether() throws Exception {
        for (int seed = 0; seed < SEEDS; seed++) {
            var guests = new BusyGuest[] {
                new BusyGuest(seed, "WF", 9), new BusyGuest(seed + 1, "WWF", 50), new BusyGuest(seed + 2, "WWFWF", 3)
            };
            var moments = new ArrayList<Boolean>();
            assertThat(search(watched(guests))
                            .find(() -> moments.add(
                                    List.of(guests).stream().allMatch(guest -> !guest.runs && guest.atBarrier))))
                    .as("seed %d", seed)
                    .isTrue();
            assertThat(moments).containsExactly(true);
            assertThat(guests).allMatch(guest -> guest.runs);
        }
    }

    @Test
    void aGuestThatNeverFlushesIsGivenUpAndRunsOn() throws Exception {
        var guest = new BusyGuest(1, "W", 5);
        var vms = watched(guest);
        assertThat(search(vms).find(() -> {
                    throw new AssertionError("there was no barrier");
                }))
                .isFalse();
        assertThat(guest.runs).isTrue();
        assertThat(vms.get(0).stops()).isBetween(BarrierSearch.ROUNDS, 1000);
    }

    @Test
    void aCancelledOrderLetsTheGuestGo() {
        var guest = new BusyGuest(1, "W", 5);
        order.cancel();
        assertThatThrownBy(() -> search(watched(guest)).find(() -> {})).isInstanceOf(OrderFailure.class);
        assertThat(guest.runs).isTrue();
    }

    @Test
    void aGuestThatDoesNotGoOnIsLeftToWhoeverReleasesIt() {
        var guest = new BusyGuest(1, "W", 5);
        guest.refusesToGoOn = true;
        var vms = watched(guest);
        assertThatThrownBy(() -> search(vms).find(() -> {})).isInstanceOf(HypervisorException.class);
        assertThat(released).containsExactly(vms.get(0));
        assertThatThrownBy(() -> vms.get(0).go())
                .as("it still counts as stopped")
                .isInstanceOf(HypervisorException.class);
    }
}
