package cloud.freehold.agent.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.agent.AgentConfig.Accelerator;
import cloud.freehold.agent.libvirt.DomainSpec.DirectBoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcceleratorChoiceTest {
    private static final Optional<DirectBoot> KERNEL =
            Optional.of(new DirectBoot(Path.of("/kernel"), Optional.of(Path.of("/initrd")), "console=ttyS0"));

    @TempDir
    Path directory;

    /** With a script in QEMU's place. */
    private AcceleratorChoice choice(Accelerator configured, boolean deviceIsThere, String emulator)
            throws IOException {
        var script = Files.writeString(directory.resolve("emulator"), "#!/bin/sh\n" + emulator + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        var device = directory.resolve("kvm");
        if (deviceIsThere) {
            Files.createFile(device);
        }
        return new AcceleratorChoice(configured, script.toString(), device, Duration.ofSeconds(2));
    }

    @Test
    void aGuestThatReachesItsInitRunsUnderKvm() throws IOException {
        var choice = choice(Accelerator.AUTO, true, "echo '[ 0.9] Run /init as init process'; exec sleep 30");
        assertThat(choice.kvm(KERNEL)).isTrue();
        assertThat(choice.name()).isEqualTo("kvm");
    }

    @Test
    void aDeviceUnderWhichNoGuestBootsIsNotUsed() throws IOException {
        var choice = choice(Accelerator.AUTO, true, "echo 'KVM: entry failed, hardware error 0x0'; exit 1");
        assertThat(choice.kvm(KERNEL)).isFalse();
        assertThat(choice.name()).isEqualTo("tcg");
    }

    @Test
    void aGuestThatHangsIsWaitedForNoLongerThanABootTakes() throws IOException {
        long began = System.nanoTime();
        assertThat(choice(Accelerator.AUTO, true, "exec sleep 60").kvm(KERNEL)).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void itIsFoundOutOnce() throws IOException {
        var asked = directory.resolve("asked");
        var choice = choice(Accelerator.AUTO, true, "echo x >>" + asked + "; echo 'Run /init as init process'");
        assertThat(choice.kvm(KERNEL)).isTrue();
        assertThat(choice.kvm(KERNEL)).isTrue();
        assertThat(Files.readAllLines(asked)).hasSize(1);
    }

    @Test
    void withoutADeviceNothingIsBooted() throws IOException {
        assertThat(choice(Accelerator.AUTO, false, "echo 'Run /init as init process'")
                        .kvm(KERNEL))
                .isFalse();
    }

    @Test
    void whatIsConfiguredIsNotQuestioned() throws IOException {
        assertThat(choice(Accelerator.TCG, true, "echo 'Run /init as init process'")
                        .kvm(KERNEL))
                .isFalse();
    }
}
