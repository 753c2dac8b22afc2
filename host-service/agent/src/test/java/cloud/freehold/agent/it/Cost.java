package cloud.freehold.agent.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What something costs that programs do.
 *
 * @param seconds by the clock
 * @param cpuSeconds of the process that does it or starts it, and of all that it started
 * @param qemuCpuSeconds of the VM's QEMU, without the guest's own processors
 * @param peakMib the most memory that the started programs had at once
 */
record Cost(double seconds, double cpuSeconds, double qemuCpuSeconds, double peakMib) {
    private static final double TICKS = 100;

    /**
     * @param parent whose children do it; its own CPU counts only when it is not this process
     * @param qemu null: the VM is off
     */
    static Cost of(ProcessHandle parent, ProcessHandle qemu, Callable<?> what) throws Exception {
        var memory = new Memory(parent);
        var watcher = new Thread(memory, "memory");
        double cpu = cpu(parent);
        double qemuCpu = qemu == null ? 0 : withoutGuest(qemu);
        watcher.start();
        long began = System.nanoTime();
        try {
            what.call();
            double seconds = (System.nanoTime() - began) / 1e9;
            return new Cost(
                    seconds,
                    cpu(parent) - cpu,
                    qemu == null ? 0 : withoutGuest(qemu) - qemuCpu,
                    memory.peakKib / 1024.0);
        } finally {
            memory.over.countDown();
            watcher.join();
        }
    }

    /** Fields of /proc/PID/stat from the state on, which is number 0 here. */
    private static String[] stat(Path file) throws IOException {
        var text = Files.readString(file);
        return text.substring(text.lastIndexOf(')') + 2).split(" ");
    }

    private static double cpu(ProcessHandle process) throws IOException {
        var fields = stat(Path.of("/proc", Long.toString(process.pid()), "stat"));
        boolean own = process.equals(ProcessHandle.current());
        long ticks = Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
        return (ticks + (own ? 0 : Long.parseLong(fields[11]) + Long.parseLong(fields[12]))) / TICKS;
    }

    /** The guest's processors are threads that last, and are named so. */
    private static double withoutGuest(ProcessHandle qemu) throws IOException {
        var folder = Path.of("/proc", Long.toString(qemu.pid()));
        var all = stat(folder.resolve("stat"));
        long ticks = Long.parseLong(all[11]) + Long.parseLong(all[12]);
        try (var threads = Files.list(folder.resolve("task"))) {
            for (var thread : threads.toList()) {
                if (Files.readString(thread.resolve("comm")).startsWith("CPU ")) {
                    var own = stat(thread.resolve("stat"));
                    ticks -= Long.parseLong(own[11]) + Long.parseLong(own[12]);
                }
            }
        }
        return ticks / TICKS;
    }

    /** Looks at the children of a process again and again. */
    private static final class Memory implements Runnable {
        private final ProcessHandle parent;
        private final CountDownLatch over = new CountDownLatch(1);
        private volatile long peakKib;

        Memory(ProcessHandle parent) {
            this.parent = parent;
        }

        @Override
        public void run() {
            try {
                while (!over.await(20, TimeUnit.MILLISECONDS)) {
                    peakKib = Math.max(peakKib, nowKib());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private long nowKib() {
            try (var children = parent.descendants()) {
                return children.mapToLong(Memory::residentKib).sum();
            }
        }

        /** The most so far. */
        private static long residentKib(ProcessHandle process) {
            try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
                return lines.filter(line -> line.startsWith("VmHWM:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                        .sum();
            } catch (IOException | java.io.UncheckedIOException e) {
                return 0; // It has just ended.
            }
        }
    }
}
