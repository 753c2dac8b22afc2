package cloud.freehold.agent.common;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How programs that must not outlive the agent are started: they die with it, gain no privileges, and come last for processor and disk. */
public final class ChildProcess {

    /** @param user empty: as the agent */
    public static List<String> command(Optional<String> user, boolean diesWithTheAgent, List<String> program) {
        var command = new ArrayList<>(List.of("setpriv", "--no-new-privs"));
        if (diesWithTheAgent) {
            command.addAll(List.of("--pdeathsig", "KILL"));
        }
        user.ifPresent(name ->
                command.addAll(List.of("--reuid", name, "--regid", name, "--clear-groups", "--inh-caps", "-all")));
        command.addAll(List.of("ionice", "-c", "3", "nice", "-n", "19"));
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
