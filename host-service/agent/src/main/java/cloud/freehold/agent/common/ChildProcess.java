package cloud.freehold.agent.common;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How programs that must not outlive the agent are started: they die with it, and gain no privileges. */
public final class ChildProcess {
    private static final String FILES_OF_OTHERS = ",+dac_override,+dac_read_search,+fowner,+chown";

    /** @param user empty: as the agent */
    public static List<String> command(Optional<String> user, boolean diesWithTheAgent, List<String> program) {
        var command = new ArrayList<>(List.of("setpriv", "--no-new-privs"));
        if (diesWithTheAgent) {
            command.addAll(List.of("--pdeathsig", "KILL"));
        }
        if (user.isPresent()) {
            command.addAll(
                    List.of("--reuid", user.get(), "--regid", user.get(), "--clear-groups", "--inh-caps", "-all"));
        } else {
            // Of what root may do, only what reading and writing others' files takes.
            command.addAll(List.of("--inh-caps", "-all", "--bounding-set", "-all" + FILES_OF_OTHERS));
        }
        command.addAll(program);
        return command;
    }

    /** Comes last for processor and disk. */
    public static List<String> inTheBackground(List<String> program) {
        var command = new ArrayList<>(List.of("ionice", "-c", "3", "nice", "-n", "19"));
        command.addAll(program);
        return command;
    }

    /** With hardly any environment. */
    public static ProcessBuilder builder(List<String> command) {
        var builder = new ProcessBuilder(command);
        builder.environment().keySet().retainAll(List.of("PATH", "LANG", "TMPDIR"));
        builder.directory(Path.of("/").toFile());
        return builder;
    }

    private ChildProcess() {}
}
