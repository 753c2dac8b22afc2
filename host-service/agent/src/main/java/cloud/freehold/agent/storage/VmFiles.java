package cloud.freehold.agent.storage;

import cloud.freehold.agent.common.DurableFiles;
import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredImage.ImageFile;
import cloud.freehold.api.desired.DesiredImage.Role;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A VM's files: one directory a VM with its volumes, its own copies of kernel and initrd (QEMU owns what it opens; a
 * broken-into QEMU must not change what another VM boots), and the console's log.
 *
 * <p>A volume appears under its name when it is complete, by a rename; what carries that name is never written again.
 */
public final class VmFiles {
    private static final Logger LOG = LoggerFactory.getLogger(VmFiles.class);
    private static final Duration CONVERT = Duration.ofMinutes(30);
    static final Duration QUICK = Duration.ofSeconds(30);
    private static final Duration SET_ASIDE_FOR = Duration.ofHours(24);
    /** Of each file system, for the host itself. */
    public static final long RESERVE_BYTES = 1L << 30;

    private static final long CONSOLE_BYTES = 4L << 20;
    /** VMs whose files are made at once: more would only share the disk's time. */
    private static final int MAKERS = 4;

    private static final String ASIDE = ".set-aside";
    private static final byte[] QCOW2_MAGIC = {'Q', 'F', 'I', (byte) 0xfb};

    private final Path directory;
    private final ImageCache images;
    private final Clock clock;
    private final Pools pools;
    private final Semaphore makers = new Semaphore(MAKERS);

    public VmFiles(Path directory, ImageCache images, Clock clock) throws IOException {
        this(new Pools(directory, Map.of()), images, clock);
    }

    public VmFiles(Pools pools, ImageCache images, Clock clock) {
        this.directory = pools.all().get(Pools.DEFAULT);
        this.pools = pools;
        this.images = images;
        this.clock = clock;
    }

    /** Whether the file system can do without the page cache. */
    public boolean directIo() {
        return pools.directIo();
    }

    public Pools pools() {
        return pools;
    }

    public Path volume(UUID vm, UUID volume) {
        return of(vm).resolve(volume + ".qcow2");
    }

    public Path console(UUID vm) {
        return of(vm).resolve("console.log");
    }

    /**
     * Keeps a talkative guest from filling the disk: what is over the limit moves to one older file. QEMU appends, so that
     * it goes on at the start of the emptied file; a line that is written in between may be lost.
     */
    public void boundConsole(UUID vm) throws IOException {
        var log = console(vm);
        if (Files.exists(log) && Files.size(log) > CONSOLE_BYTES) {
            Files.copy(log, log.resolveSibling("console.log.1"), StandardCopyOption.REPLACE_EXISTING);
            try (var channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
                channel.truncate(0);
            }
        }
    }

    /** The VM's own copy of a file that is booted directly. */
    public Optional<Path> bootFile(UUID vm, DesiredImage image, Role role) {
        return file(image, role)
                .map(file -> of(vm).resolve(role.name().toLowerCase(java.util.Locale.ROOT) + "-"
                        + file.sha256().substring(0, 16)));
    }

    /**
     * Copies a file of an image to where QEMU may read it; fetched if need be, which may take long.
     *
     * @return the copy, if the image has such a file
     */
    public Optional<Path> copy(DesiredImage image, Role role, Path target) throws StorageException, IOException {
        var wanted = file(image, role);
        if (wanted.isPresent()) {
            copy(images.get(wanted.get()), target);
        }
        return wanted.map(file -> target);
    }

    /** Where all of a VM's files are. */
    public Path directory(UUID vm) {
        return of(vm);
    }

    private Path of(UUID vm) {
        return directory.resolve(vm.toString());
    }

    private static Optional<ImageFile> file(DesiredImage image, Role role) {
        return image == null
                ? Optional.empty()
                : image.files().stream().filter(file -> file.role() == role).findFirst();
    }

    /** Whether {@link #prepare} has nothing left to do. */
    public boolean arePrepared(DesiredVm vm) {
        return vm.volumes().stream().allMatch(volume -> Files.exists(volume(vm.id(), volume.id())))
                && bootRoles(vm).stream()
                        .flatMap(role -> bootFile(vm.id(), vm.image(), role).stream())
                        .allMatch(Files::exists);
    }

    /** A VM that stays off needs no kernel yet: a thousand of them would be as many copies. */
    private static List<Role> bootRoles(DesiredVm vm) {
        return vm.power() == PowerState.RUNNING ? List.of(Role.KERNEL, Role.INITRD) : List.of();
    }

    /** Makes what is missing, except what a restore brings; may take long. Makes nothing while enough others are being made. */
    public void prepare(DesiredVm vm) throws StorageException {
        if (!makers.tryAcquire()) {
            return;
        }
        try {
            make(vm);
        } finally {
            makers.release();
        }
    }

    private void make(DesiredVm vm) throws StorageException {
        try {
            makeDirectory(vm.id());
            for (var role : bootRoles(vm)) {
                var target = bootFile(vm.id(), vm.image(), role);
                if (target.isPresent() && !Files.exists(target.get())) {
                    copy(images.get(file(vm.image(), role).orElseThrow()), target.get());
                }
            }
            for (var volume : vm.volumes()) {
                var target = volume(vm.id(), volume.id());
                if (!Files.exists(target) && volume.origin() != DesiredVolume.Origin.RESTORED) {
                    var place = place(vm.id(), volume.id(), volume.pool());
                    create(vm, volume, place);
                    Pools.link(target, place);
                }
            }
            DurableFiles.syncDirectory(of(vm.id()));
        } catch (IOException e) {
            throw StorageException.internal("disks of VM " + vm.id(), e);
        }
    }

    /** Where a volume that is not there yet is to be. */
    Path place(UUID vm, UUID volume, String pool) throws IOException, StorageException {
        return pools.place(pool, vm, volume)
                .orElseThrow(() -> new StorageException(
                        ProblemCode.NOT_THERE,
                        "The host has no storage pool named '" + pool
                                + "' any more. Choose another one for the volume.",
                        "volume " + volume + " is wanted in the unknown pool " + pool,
                        null));
    }

    /** The pool that a volume lies in; empty: it is not there. */
    public Optional<String> pool(UUID vm, UUID volume) {
        return pools.of(volume(vm, volume));
    }

    /** Whether a path that QEMU names is the volume's, wherever that lies. */
    public boolean isVolume(Path named, UUID vm, UUID volume) {
        return isSame(named, volume(vm, volume));
    }

    /** Whether both lead to one file. */
    public static boolean isSame(Path a, Path b) {
        try {
            return a.equals(b) || Files.exists(a) && Files.exists(b) && Files.isSameFile(a, b);
        } catch (IOException e) {
            return false;
        }
    }

    void makeDirectory(UUID vm) throws IOException {
        Files.createDirectories(of(vm));
        Files.setPosixFilePermissions(of(vm), PosixFilePermissions.fromString("rwx--x--x"));
    }

    /** @throws StorageException the file system has not so much room left beside the host's reserve */
    static void checkRoom(Path folder, long bytes, String forWhat) throws StorageException {
        long free = Pools.free(folder);
        if (free < bytes + RESERVE_BYTES) {
            throw StorageException.full(
                    "no room for " + forWhat + " of " + bytes + " bytes: " + free + " free in " + folder);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        var temporary = to.resolveSibling(to.getFileName() + ".new");
        Tool.run(QUICK, List.of("cp", "--reflink=auto", from.toString(), temporary.toString()));
        finish(temporary, to);
    }

    private static void finish(Path temporary, Path target) throws IOException {
        try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private void create(DesiredVm vm, DesiredVolume volume, Path target) throws IOException, StorageException {
        var temporary = target.resolveSibling(target.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        checkRoom(target.getParent(), volume.sizeBytes(), "volume " + volume.id());
        var size = Long.toString(volume.sizeBytes());
        var disk = volume.origin() == DesiredVolume.Origin.IMAGE
                ? file(vm.image(), Role.DISK)
                : Optional.<ImageFile>empty();
        if (disk.isEmpty()) {
            Tool.run(QUICK, List.of("qemu-img", "create", "-q", "-f", "qcow2", temporary.toString(), size));
        } else {
            var source = images.get(disk.get());
            var format = format(source);
            checkSelfContained(source, format, volume.sizeBytes());
            Tool.run(
                    CONVERT,
                    List.of(
                            "qemu-img",
                            "convert",
                            "-q",
                            "-f",
                            format,
                            "-O",
                            "qcow2",
                            source.toString(),
                            temporary.toString()));
            Tool.run(QUICK, List.of("qemu-img", "resize", "-q", "-f", "qcow2", temporary.toString(), size));
        }
        finish(temporary, target);
        LOG.info("Volume {} of VM {} is there ({} bytes).", volume.id(), vm.id(), size);
    }

    /** By its first bytes; anything that is not qcow2 is raw, whatever it contains. */
    private static String format(Path image) throws IOException {
        try (var in = Files.newInputStream(image)) {
            return Arrays.equals(in.readNBytes(4), QCOW2_MAGIC) ? "qcow2" : "raw";
        }
    }

    /** An image that names other files would read the host's. */
    private static void checkSelfContained(Path image, String format, long volumeBytes)
            throws IOException, StorageException {
        var text = Tool.run(QUICK, List.of("qemu-img", "info", "--output=json", "-f", format, image.toString()));
        var info = cloud.freehold.agent.common.Json.MAPPER.readTree(text);
        var data = info.path("format-specific").path("data");
        if (info.has("backing-filename")
                || data.has("data-file")
                || info.path("encrypted").asBoolean(false)) {
            throw StorageException.image("the image " + image + " refers to other files or is encrypted", null);
        }
        if (info.path("virtual-size").asLong() > volumeBytes) {
            throw new StorageException(
                    ProblemCode.HYPERVISOR_REFUSED,
                    "The volume is smaller than the image; make it larger.",
                    "image " + image + " is larger than " + volumeBytes + " bytes",
                    null);
        }
    }

    public Continuation continuation(UUID vm) {
        return new Continuation(of(vm));
    }

    /** VMs that have files here. */
    public Set<UUID> vms() throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> name.length() == 36)
                    .map(UUID::fromString)
                    .collect(Collectors.toSet());
        }
    }

    /** The VM's disks are gone for good. */
    public void delete(UUID vm) throws StorageException {
        try {
            pools.deleteElsewhere(vm);
            FileTrees.delete(of(vm));
        } catch (IOException e) {
            throw StorageException.internal("deleting disks of VM " + vm, e);
        }
    }

    /** Out of the way, but kept for a day: nobody said that the disks are to be deleted. */
    public void setAside(UUID vm) throws StorageException {
        try {
            if (Files.exists(of(vm))) {
                var aside = DurableFiles.privateDirectory(directory.resolve(ASIDE));
                Files.move(of(vm), aside.resolve(vm + "." + clock.instant().getEpochSecond()));
                LOG.warn("VM {} is no longer of this host; its disks are kept in {} for {}.", vm, aside, SET_ASIDE_FOR);
            }
        } catch (IOException e) {
            throw StorageException.internal("setting aside disks of VM " + vm, e);
        }
    }

    /** Deletes what was set aside long enough ago. */
    public void purge() throws IOException {
        var aside = directory.resolve(ASIDE);
        if (!Files.isDirectory(aside)) {
            return;
        }
        long before = clock.instant().minus(SET_ASIDE_FOR).getEpochSecond();
        try (var entries = Files.list(aside)) {
            for (var entry : entries.toList()) {
                var name = entry.getFileName().toString();
                if (Long.parseLong(name.replaceFirst(".*\\.", "")) < before) {
                    pools.deleteElsewhere(UUID.fromString(name.substring(0, 36)));
                    FileTrees.delete(entry);
                }
            }
        }
    }

    public long freeBytes() throws IOException {
        return Math.max(0, Files.getFileStore(directory).getUsableSpace() - RESERVE_BYTES);
    }

    public long totalBytes() throws IOException {
        return Files.getFileStore(directory).getTotalSpace();
    }
}
