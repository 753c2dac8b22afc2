package cloud.freehold.agent.common;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How programs that must not outlive the agent are started: they die with it, and gain no privileges. */
public final class ChildProcess {
    /** Of what root may do, only what reading and writing others' files takes. */
    private static final String FILES_OF_OTHERS = ",+dac_override,+dac_read_search,+fowner,+chown";

    private static final String CHANGE_OF_USER = ",+setuid,+setgid";

    /** @param user empty: as the agent */
    public static List<String> command(Optional<String> user, boolean diesWithTheAgent, List<String> program) {
        return user.isPresent()
                ? command(
                        diesWithTheAgent,
                        List.of("--reuid", user.get(), "--regid", user.get(), "--clear-groups"),
                        program)
                : command(diesWithTheAgent, List.of("--bounding-set", "-all" + FILES_OF_OTHERS), program);
    }

    /** One that begins as the agent, and becomes another user by itself. */
    public static List<String> changingUser(boolean diesWithTheAgent, List<String> program) {
        return command(diesWithTheAgent, List.of("--bounding-set", "-all" + FILES_OF_OTHERS + CHANGE_OF_USER), program);
    }

    private static List<String> command(boolean diesWithTheAgent, List<String> privileges, List<String> program) {
        var command = new ArrayList<>(List.of("setpriv", "--no-new-privs", "--inh-caps", "-all"));
        if (diesWithTheAgent) {
            command.addAll(List.of("--pdeathsig", "KILL"));
        }
        command.addAll(privileges);
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
