package cloud.freehold.agent.command;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.backup.CommandInput;
import cloud.freehold.api.backup.Transfer;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** An order that can be cancelled by hand. */
public final class FakeOrder implements Order {
    private final UUID id = UUID.randomUUID();
    private final Map<String, String> notes = new LinkedHashMap<>();
    private final List<Runnable> stops = new ArrayList<>();
    private boolean over;
    public int percent;
    public volatile String step;
    public Transfer transfer;
    public byte[] output;

    @Override
    public UUID id() {
        return id;
    }

    @Override
    public boolean repeated() {
        return false;
    }

    @Override
    public Duration left() {
        return Duration.ofMinutes(1);
    }

    @Override
    public void progress(int nowPercent, String nowStep, Transfer nowTransfer) {
        percent = nowPercent;
        step = nowStep;
        transfer = nowTransfer;
    }

    @Override
    public synchronized void check() throws OrderFailure {
        if (over) {
            throw new OrderFailure(ProblemCode.CANCELLED, "The order was cancelled.");
        }
    }

    @Override
    public void pause(Duration pause) throws OrderFailure {
        check();
    }

    @Override
    public synchronized Registration whenOver(Runnable stop) {
        stops.add(stop);
        return () -> stops.remove(stop);
    }

    public void cancel() {
        List<Runnable> all;
        synchronized (this) {
            over = true;
            all = List.copyOf(stops);
        }
        all.forEach(Runnable::run);
    }

    @Override
    public CommandInput input() {
        return new CommandInput("00".repeat(32), null, null, List.of(), null, null);
    }

    @Override
    public void output(InputStream bytes) throws IOException {
        output = bytes.readAllBytes();
    }

    @Override
    public Map<String, String> notes() {
        return notes;
    }

    @Override
    public void note(String name, String value) {
        if (value == null) {
            notes.remove(name);
        } else {
            notes.put(name, value);
        }
    }
}
