package cloud.freehold.agent.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs on the host. */
final class Shell {
    record Said(int status, String text) {}

    /** Standard output and error together; two minutes at the most. */
    static Said run(String input, List<String> command) {
        try {
            var output = Files.createTempFile("fh-it-", ".out");
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            if (!process.waitFor(2, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError(command + " did not end");
            }
            var text = Files.readString(output, StandardCharsets.ISO_8859_1);
            Files.delete(output);
            return new Said(process.exitValue(), text);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(command.toString(), e);
        }
    }

    static String run(String... command) {
        var said = run("", List.of(command));
        if (said.status() != 0) {
            throw new AssertionError(List.of(command) + " failed with " + said.status() + ": " + said.text());
        }
        return said.text();
    }

    private Shell() {}
}
