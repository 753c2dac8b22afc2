package cloud.freehold.agent.dataplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where QEMU's vCPU threads ran last, by the kernel's own account. */
final class VcpuCores {
    private static final int PROCESSOR = 36; // of /proc/PID/stat, counted from the field behind the name

    private final Path proc;

    VcpuCores(Path proc) {
        this.proc = proc;
    }

    /** @return one core for each vCPU; empty when the process is gone or is no QEMU */
    List<Integer> of(int pid) {
        var found = new ArrayList<Integer>();
        try (var tasks =
                Files.newDirectoryStream(proc.resolve(Integer.toString(pid)).resolve("task"))) {
            for (var task : tasks) {
                core(task.resolve("stat"), found);
            }
        } catch (IOException e) {
            // It ended meanwhile: nothing to follow.
            return List.of();
        }
        return found;
    }

    /** A thread is named "CPU 0/KVM" or "CPU 0/TCG". */
    private static void core(Path stat, List<Integer> found) throws IOException {
        var text = Files.readString(stat);
        int end = text.lastIndexOf(')');
        if (end > 0 && text.startsWith("CPU ", text.indexOf('(') + 1)) {
            found.add(Integer.parseInt(text.substring(end + 2).split(" ")[PROCESSOR]));
        }
    }
}
