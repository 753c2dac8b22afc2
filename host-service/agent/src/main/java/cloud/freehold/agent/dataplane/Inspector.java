package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.desired.Desired;
import cloud.freehold.agent.desired.Desired.AddressSet;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredAddressSet;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.query.ConnectionFilter;
import cloud.freehold.api.query.ConnectionName;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.LiveConnection;
import cloud.freehold.api.query.Question;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Looks inside the dataplane for somebody who waits. One at a time, over a connection of its own: a rule that is being
 * committed does not wait for it.
 */
public final class Inspector implements AutoCloseable {
    /** More than this are not looked at for one answer. */
    private static final int MOST_LOOKED_AT = 262_144;
    /** Differs from every revision, so that the dataplane takes what it is told for another state of the object. */
    private static final long NO_REVISION = -1;

    private final InsideLink.Opener opener;
    private final Clock clock;
    private InsideLink link;

    Inspector(InsideLink.Opener opener, Clock clock) {
        this.opener = opener;
        this.clock = clock;
    }

    /** Connects when it is first asked. */
    public static Inspector of(String ctlLibrary, Path controlSocket, Clock clock) {
        var library = CtlLibrary.load(ctlLibrary);
        return new Inspector(() -> CtlInside.open(library, controlSocket.toString()), clock);
    }

    /** @param by when the answer is of no use any more */
    public synchronized Finding.Connections connections(Question.ListConnections asked, Instant by)
            throws InspectionException {
        var match = matching(asked.filter());
        var order = new ConnectionOrder(asked, clock.millis());
        var count = new long[2];
        boolean complete = each(asked.nicId(), by, connection -> {
            count[0]++;
            if (match.test(connection)) {
                count[1]++;
                order.offer(connection);
            }
        });
        return new Finding.Connections(order.page(), count[1], count[0], complete, order.next());
    }

    public synchronized Finding.Ended end(Question.EndConnections asked, Instant by) throws InspectionException {
        if (asked.which() == null) {
            var match = matching(asked.filter());
            if (match.isEverything()) {
                return new Finding.Ended(look(inside -> (long) inside.endAll(asked.nicId())));
            }
            var found = new ArrayList<ConnectionName>();
            each(asked.nicId(), by, connection -> {
                if (match.test(connection)) {
                    found.add(connection.name());
                }
            });
            return end(asked.nicId(), found);
        }
        return end(asked.nicId(), asked.which());
    }

    private Finding.Ended end(UUID nic, List<ConnectionName> which) throws InspectionException {
        return new Finding.Ended(look(inside -> {
            long ended = 0;
            for (var name : which) {
                ended += inside.end(nic, name);
            }
            return ended;
        }));
    }

    public synchronized Finding.Verdict test(Question.TestPacket asked) throws InspectionException {
        return look(inside -> inside.test(asked.nicId(), asked.packet()));
    }

    /**
     * @param sets that the group may refer to; those that the host has already stay as they are
     * @param present what the dataplane has
     */
    public synchronized Finding.Cuts preview(
            DesiredSecurityGroup group, List<DesiredAddressSet> sets, Desired present, Instant by)
            throws InspectionException {
        var changes = new ArrayList<Change>();
        for (var set : sets == null ? List.<DesiredAddressSet>of() : sets) {
            if (!present.addressSets().containsKey(set.ref())) {
                changes.add(new Change.PutSet(
                        new AddressSet(set.ref(), NO_REVISION, set.tenantId(), new HashSet<>(set.added()))));
            }
        }
        changes.add(new Change.PutGroup(new DesiredSecurityGroup(
                group.id(), NO_REVISION, group.tenantId(), group.version(), group.egressDefault(), group.rules())));
        var left = Duration.between(clock.instant(), by);
        return new Finding.Cuts(look(inside -> inside.cuts(changes, left.isNegative() ? Duration.ZERO : left)));
    }

    /** @return false: there are more than could be looked at */
    private boolean each(UUID nic, Instant by, Consumer<LiveConnection> consumer) throws InspectionException {
        return look(inside -> {
            long cursor = 0;
            int seen = 0;
            do {
                var page = inside.connections(nic, cursor);
                page.connections().forEach(consumer);
                seen += page.connections().size();
                cursor = page.next();
            } while (cursor != 0 && seen < MOST_LOOKED_AT && clock.instant().isBefore(by));
            return cursor == 0;
        });
    }

    private static ConnectionMatch matching(ConnectionFilter filter) throws InspectionException {
        try {
            return new ConnectionMatch(filter);
        } catch (IllegalArgumentException e) {
            throw new InspectionException(ProblemCode.NOT_THERE, e.getMessage() + ".");
        }
    }

    private interface Look<T> {
        T at(InsideLink inside) throws DataplaneException;
    }

    private <T> T look(Look<T> look) throws InspectionException {
        try {
            return lookAgainIfBroken(look);
        } catch (DataplaneException.Refused e) {
            throw e.culprit().filter(object -> object.kind() == ObjectKind.NIC).isPresent()
                    ? new InspectionException(
                            ProblemCode.NOT_THERE,
                            "The host's dataplane does not have this NIC. It is there while its VM is; wait until the"
                                    + " NIC is enforced, then try again.")
                    : new InspectionException(ProblemCode.DATAPLANE_REFUSED, e.getMessage());
        } catch (DataplaneException e) {
            close();
            throw new InspectionException(
                    ProblemCode.DATAPLANE_UNAVAILABLE,
                    "The host's dataplane does not answer, so nobody can look inside. Try again in a few seconds.");
        } catch (IllegalArgumentException e) {
            throw new InspectionException(ProblemCode.NOT_THERE, e.getMessage());
        }
    }

    /** A connection that was open before may be one to a dataplane that has been restarted meanwhile. */
    private <T> T lookAgainIfBroken(Look<T> look) throws DataplaneException {
        boolean fresh = link == null;
        if (fresh) {
            link = opener.open();
        }
        try {
            return look.at(link);
        } catch (DataplaneException.Unavailable e) {
            close();
            if (fresh) {
                throw e;
            }
        }
        link = opener.open();
        return look.at(link);
    }

    @Override
    public synchronized void close() {
        if (link != null) {
            link.close();
            link = null;
        }
    }
}
