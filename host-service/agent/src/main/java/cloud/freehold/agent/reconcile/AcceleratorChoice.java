package cloud.freehold.agent.reconcile;

import cloud.freehold.agent.AgentConfig;
import cloud.freehold.agent.libvirt.DomainSpec.DirectBoot;
import cloud.freehold.agent.storage.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether guests run under KVM. That /dev/kvm exists says nothing (with paravirtual nesting it is there and ordinary
 * guests do not boot), so the first kernel that is to be booted directly is booted once under KVM, and has to get as far
 * as its init. Without such a kernel the processor's flags decide.
 */
public final class AcceleratorChoice {
    private static final Logger LOG = LoggerFactory.getLogger(AcceleratorChoice.class);
    private static final Duration BOOT = Duration.ofSeconds(20);
    private static final String REACHED_INIT = "Run /init as init process";

    private final AgentConfig.Accelerator configured;
    private final String emulator;
    private final Path device;
    private final Duration bootTime;
    private Boolean kvm;

    public AcceleratorChoice(AgentConfig.Accelerator configured, String emulator) {
        this(configured, emulator, Path.of("/dev/kvm"), BOOT);
    }

    AcceleratorChoice(AgentConfig.Accelerator configured, String emulator, Path device, Duration bootTime) {
        this.configured = configured;
        this.emulator = emulator;
        this.device = device;
        this.bootTime = bootTime;
    }

    /** The first call in automatic mode may take as long as a boot. */
    public synchronized boolean kvm(Optional<DirectBoot> example) {
        if (configured != AgentConfig.Accelerator.AUTO) {
            return configured == AgentConfig.Accelerator.KVM;
        }
        if (kvm == null) {
            if (!Files.isWritable(device)) {
                kvm = false;
            } else if (example.isPresent()) {
                kvm = boots(example.get());
            } else {
                return processorHasVirtualization();
            }
            LOG.info("Guests run under {}.", kvm ? "KVM" : "TCG (a guest does not boot under KVM here)");
        }
        return kvm;
    }

    /** For the host's facts: what is known so far. */
    public synchronized String name() {
        if (configured != AgentConfig.Accelerator.AUTO) {
            return configured.name().toLowerCase(java.util.Locale.ROOT);
        }
        return kvm != null && kvm || kvm == null && processorHasVirtualization() ? "kvm" : "tcg";
    }

    private boolean boots(DirectBoot boot) {
        var command = new ArrayList<>(List.of(
                emulator,
                "-accel",
                "kvm",
                "-cpu",
                "host",
                "-machine",
                "q35",
                "-m",
                "256",
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-serial",
                "stdio",
                "-kernel",
                boot.kernel().toString(),
                "-append",
                "console=ttyS0 panic=-1 freehold.probe=1"));
        boot.initrd().ifPresent(initrd -> command.addAll(List.of("-initrd", initrd.toString())));
        return said(command).contains(REACHED_INIT);
    }

    private String said(List<String> command) {
        try {
            return Tool.output(bootTime, command, REACHED_INIT);
        } catch (IOException e) {
            return "";
        }
    }

    private boolean processorHasVirtualization() {
        try {
            return Files.isWritable(device)
                    && Files.readString(Path.of("/proc/cpuinfo")).matches("(?s).*^?flags[^\\n]* (vmx|svm) .*");
        } catch (IOException e) {
            return false;
        }
    }
}
