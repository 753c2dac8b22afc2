package cloud.freehold.agent.it;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;

/** A VM whose second disk is half full of what a guest's disk is full of. */
final class BenchVm implements AutoCloseable {
    static final int DATA_MIB = 1024;
    private static final long DATA_BYTES = 2L * DATA_MIB << 20;
    /** 1 % of the data, in pieces of 64 KiB: what the scattered writes change, as far as they do not hit a place twice. */
    private static final int SCATTERED = DATA_MIB * 16 / 100;

    private static final int PIECE = 16 << 20;

    final Rig rig;
    final Orders orders;
    final WritingVm vm;
    private int seed;

    /** The store's program runs as it does in production: after everything else. */
    BenchVm() throws Exception {
        rig = new Rig("background");
        try {
            orders = new Orders(rig);
            vm = new WritingVm(rig, DATA_BYTES);
            fill();
        } catch (Exception | AssertionError e) {
            System.out.println(rig.logs());
            rig.close();
            throw e;
        }
    }

    private void fill() throws Exception {
        vm.stop();
        var raw = rig.directory.resolve("data.raw");
        writeFilesOfThisMachine(raw);
        Shell.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "qcow2", raw.toString(), file(vm.data));
        Files.delete(raw);
        vm.start();
    }

    /** Each tenth piece is noise. */
    private static void writeFilesOfThisMachine(Path raw) throws IOException {
        var random = new Random(1);
        var files = new ProcessBuilder("tar", "cf", "-", "/usr/lib", "/usr/share", "/usr/bin")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var out = Files.newOutputStream(raw);
                var in = files.getInputStream()) {
            for (int i = 0; i < DATA_MIB / 16; i++) {
                out.write(i % 10 == 9 ? noise(random) : piece(in, random));
            }
        } finally {
            files.destroyForcibly();
        }
        try (var file = new java.io.RandomAccessFile(raw.toFile(), "rw")) {
            file.setLength(DATA_BYTES);
        }
    }

    /** Noise when there are no more files. */
    private static byte[] piece(InputStream in, Random random) throws IOException {
        var piece = in.readNBytes(PIECE);
        return piece.length == PIECE ? piece : noise(random);
    }

    private static byte[] noise(Random random) {
        var noise = new byte[PIECE];
        random.nextBytes(noise);
        return noise;
    }

    String file(UUID volume) {
        return vm.file(volume).toString();
    }

    /**
     * Changes 1 % of the data to noise.
     *
     * @return MiB that are different now
     */
    double change() throws IOException {
        var places = vm.say("fhwriter scatter " + ++seed + " " + SCATTERED + " " + DATA_MIB + " /dev/vdb; sync");
        return Long.parseLong(places) / 16.0;
    }

    ProcessHandle qemu() {
        return rig.qemu(vm.id).findFirst().orElseThrow();
    }

    /** Of all files in a folder. */
    static double storedMib(Path folder) {
        return Files.exists(folder)
                ? Long.parseLong(Shell.run("du", "-sk", folder.toString()).split("\t")[0]) / 1024.0
                : 0;
    }

    @Override
    public void close() throws Exception {
        vm.close();
        rig.close();
    }
}
