package cloud.freehold.portal.traffic;

import cloud.freehold.api.query.Answer;
import cloud.freehold.api.query.Finding;
import cloud.freehold.api.query.Question;
import cloud.freehold.portal.hostlink.HostChanges;
import cloud.freehold.portal.hostlink.Placed;
import cloud.freehold.portal.hostlink.TestHosts;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.testing.FakeHost;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A host with the VMs of one tenant that answers questions as a test says. */
final class AskedHost implements AutoCloseable {

    final FakeHost host;
    final UUID network;
    private final ApplicationContext context;
    private final Placed placed;
    private final Person owner;

    AskedHost(ApplicationContext context, JdbcClient system, Person owner, String name, int vni) {
        this.context = context;
        this.owner = owner;
        this.placed = new Placed(system);
        this.host = new TestHosts(context).enrol(name);
        this.network = placed.network(owner.tenant(), vni);
    }

    /** A VM and its NIC, which has the address 10.0.1.{@code number}. */
    record Vm(UUID id, UUID nic) {}

    Vm vm(String name, int number, UUID... groups) {
        UUID vm = placed.vm(owner.tenant(), host.hostId(), name);
        return new Vm(vm, placed.nic(owner.tenant(), vm, network, number, groups));
    }

    UUID group(String name) {
        return placed.group(owner.tenant(), name);
    }

    UUID rule(UUID group, int port) {
        return placed.rule(owner.tenant(), group, port, null);
    }

    /** The host hears of all that was placed, and listens for questions from now on. */
    void begin() {
        context.getBean(Fixtures.class).as(owner, () -> {
            context.getBean(HostChanges.class).rearranged(List.of(host.hostId()));
            return null;
        });
        try {
            host.pollOnce(0);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        host.start();
    }

    void answer(Function<Question<?>, Finding> behaviour) {
        host.onQuestion(asked -> Answer.of(behaviour.apply(asked.question())));
    }

    /** Of what was asked last. */
    Question<?> lastQuestion() {
        var seen = host.questionsSeen();
        return seen.get(seen.size() - 1).question();
    }

    @Override
    public void close() {
        host.close();
    }
}
