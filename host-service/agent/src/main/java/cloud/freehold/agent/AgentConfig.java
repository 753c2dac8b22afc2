package cloud.freehold.agent;

import cloud.freehold.api.observed.HostFacts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Settings, all named {@code freehold.agent.*}: from a properties file, system properties win.
 *
 * @param instance tells this agent's VMs from others' on the same libvirt
 * @param caFile PEM of whom to trust at enrolment
 * @param caFingerprint SHA-256 of that certificate, hex; instead of the file
 * @param qemuUser whom QEMU runs as; owns sockets and disks
 * @param pools folders beside vmsDir where volumes can lie, as name=folder,name=folder; vmsDir itself is the pool "default"
 * @param memoryMib what VMs may use together; empty: the host's memory less a reserve
 * @param shutdownGrace how long a guest may take to shut down when asked
 * @param storeProgram freehold-store, which reads and writes backup stores
 * @param storePlugin nbdkit's plugin that shows points as disks
 * @param helperDir vmlinuz and helper.img: the guest that shows files of points
 * @param storeUser whom both run as, empty: as the agent; stores must be that user's to read and write
 * @param storeInTheBackground whether it comes last for processor and disk, so that guests do not feel it
 * @param tunnel where tunnels to other hosts end: a device of the dataplane's, and an address there that is no kernel's
 * @param ordersAtOnce backups, restores and other long orders that run side by side
 */
public record AgentConfig(
        URI portalUrl,
        String hostName,
        String instance,
        Path stateDir,
        Path imagesDir,
        Path vmsDir,
        Path socketsDir,
        Path tokenFile,
        Optional<Path> caFile,
        Optional<String> caFingerprint,
        String libvirtUri,
        String libvirtLibrary,
        Path dataplaneSocket,
        Optional<HostFacts.Tunnel> tunnel,
        String ctlLibrary,
        Accelerator accelerator,
        String emulator,
        String qemuUser,
        Map<String, Path> pools,
        Optional<Long> memoryMib,
        Duration shutdownGrace,
        int ordersAtOnce,
        String storeProgram,
        String storePlugin,
        Path helperDir,
        Optional<String> storeUser,
        boolean storeInTheBackground) {

    private static final String PREFIX = "freehold.agent.";
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final String IPV4 = OCTET + "(\\." + OCTET + "){3}";

    /** How guests' processors are run. */
    public enum Accelerator {
        KVM,
        TCG,
        /** KVM where a guest really boots with it. */
        AUTO
    }

    /** A setting is missing or makes no sense. */
    public static final class InvalidConfig extends RuntimeException {
        private static final long serialVersionUID = 1L;

        InvalidConfig(String message) {
            super(message);
        }
    }

    public static AgentConfig load(Optional<Path> file, Properties overriding) throws IOException {
        var properties = new Properties();
        if (file.isPresent()) {
            try (var in = Files.newBufferedReader(file.get())) {
                properties.load(in);
            }
        }
        overriding.stringPropertyNames().stream()
                .filter(name -> name.startsWith(PREFIX))
                .forEach(name -> properties.setProperty(name, overriding.getProperty(name)));
        return of(properties);
    }

    static AgentConfig of(Properties properties) {
        var read = new Reader(properties);
        var state = Path.of(read.text("state-dir", "/var/lib/freehold/agent"));
        var config = new AgentConfig(
                read.uri("portal-url"),
                read.text("host-name", localHostName()),
                read.text("instance", "main"),
                state,
                read.path("images-dir", state.resolve("images")),
                // Not in the state directory, which nobody but the agent may enter: QEMU opens the disks.
                read.path("vms-dir", state.resolveSibling("vms")),
                read.path("sockets-dir", Path.of("/run/freehold/vhost")),
                read.path("token-file", state.resolve("enrolment-token")),
                read.optional("ca-file").map(Path::of),
                read.optional("ca-fingerprint"),
                read.text("libvirt-uri", "qemu:///system"),
                read.text("libvirt-library", "libvirt.so.0"),
                read.path("dataplane-socket", Path.of("/run/freehold/dataplane.sock")),
                read.tunnel(),
                read.text("ctl-library", "libfreeholdctl.so"),
                read.accelerator(),
                read.text("emulator", "/usr/bin/qemu-system-x86_64"),
                read.text("qemu-user", "libvirt-qemu"),
                read.pools(),
                read.optional("memory-mib").map(text -> read.number("memory-mib", text)),
                Duration.ofSeconds(read.number("shutdown-grace-seconds", read.text("shutdown-grace-seconds", "60"))),
                Math.toIntExact(read.number("orders-at-once", read.text("orders-at-once", "3"))),
                read.text("store-program", "freehold-store"),
                read.text("store-plugin", "/usr/lib/freehold/freehold-store-plugin.so"),
                read.path("helper-dir", Path.of("/usr/lib/freehold/helper")),
                read.optional("store-user"),
                read.text("store-priority", "background").equals("background"));
        if (!config.instance().matches("[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")) {
            throw new InvalidConfig(PREFIX + "instance is '" + config.instance()
                    + "': use up to 20 lower-case letters, digits and dashes.");
        }
        return config;
    }

    private static String localHostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    private record Reader(Properties properties) {
        Optional<String> optional(String name) {
            return Optional.ofNullable(properties.getProperty(PREFIX + name))
                    .map(String::strip)
                    .filter(text -> !text.isEmpty());
        }

        String text(String name, String otherwise) {
            return optional(name).orElse(otherwise);
        }

        Path path(String name, Path otherwise) {
            return optional(name).map(Path::of).orElse(otherwise).toAbsolutePath();
        }

        URI uri(String name) {
            var text = optional(name)
                    .orElseThrow(() -> new InvalidConfig("Set " + PREFIX + name
                            + " in the configuration file: the https address where the portal takes hosts."));
            if (!text.startsWith("https://")) {
                throw new InvalidConfig(PREFIX + name + " is '" + text + "', it must start with https://.");
            }
            return URI.create(text);
        }

        long number(String name, String text) {
            try {
                long number = Long.parseLong(text);
                if (number > 0) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // said below, as for numbers out of range
            }
            throw new InvalidConfig(PREFIX + name + " is '" + text + "', it must be a positive whole number.");
        }

        Map<String, Path> pools() {
            var pools = new LinkedHashMap<String, Path>();
            for (var one : text("pools", "").split(",")) {
                var parts = one.strip().split("=", 2);
                if (one.isBlank()) {
                    continue;
                }
                if (parts.length != 2 || !parts[0].matches("[a-z0-9-]{1,40}") || !parts[1].startsWith("/")) {
                    throw new InvalidConfig(PREFIX + "pools has '" + one.strip()
                            + "': write name=/folder, the name of lower-case letters, digits and dashes.");
                }
                if (parts[0].equals("default") || pools.put(parts[0], Path.of(parts[1])) != null) {
                    throw new InvalidConfig(PREFIX + "pools names '" + parts[0]
                            + "' twice; 'default' is the folder of vms-dir already.");
                }
            }
            return Collections.unmodifiableMap(pools);
        }

        Optional<HostFacts.Tunnel> tunnel() {
            var device = optional("tunnel-device");
            var address = optional("tunnel-address");
            if (device.isPresent() != address.isPresent()) {
                throw new InvalidConfig(
                        "Set both " + PREFIX + "tunnel-device and " + PREFIX + "tunnel-address, or neither.");
            }
            if (address.isEmpty()) {
                return Optional.empty();
            }
            if (!address.get().matches(IPV4 + "/([89]|[12][0-9]|30)")) {
                throw new InvalidConfig(PREFIX + "tunnel-address is '" + address.get()
                        + "', it must be an IPv4 address with the length of its prefix, such as 192.0.2.1/24.");
            }
            var gateway = optional("tunnel-gateway");
            if (gateway.isPresent() && !gateway.get().matches(IPV4)) {
                throw new InvalidConfig(
                        PREFIX + "tunnel-gateway is '" + gateway.get() + "', it must be an IPv4 address.");
            }
            int vlan = Math.toIntExact(optional("tunnel-vlan")
                    .map(text -> number("tunnel-vlan", text))
                    .orElse(0L));
            if (vlan > 4094) {
                throw new InvalidConfig(PREFIX + "tunnel-vlan is '" + vlan + "', it must be 1 to 4094.");
            }
            return Optional.of(new HostFacts.Tunnel(device.get(), address.get(), gateway.orElse(null), vlan));
        }

        Accelerator accelerator() {
            var text = text("accelerator", "auto");
            try {
                return Accelerator.valueOf(text.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new InvalidConfig(PREFIX + "accelerator is '" + text + "', it must be kvm, tcg or auto.");
            }
        }
    }
}
