package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.desired.DesiredImage;
import cloud.freehold.api.desired.DesiredImage.ImageFile;
import cloud.freehold.api.desired.DesiredVm;
import cloud.freehold.api.desired.DesiredVolume;
import cloud.freehold.api.desired.PowerState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The VMs that a host should have, with their image and volumes. */
final class DesiredVms {

    private DesiredVms() {}

    static List<DesiredVm> read(HostQuery query) {
        Map<UUID, List<DesiredVolume>> volumes = volumes(query);
        Map<UUID, List<ImageFile>> files = imageFiles(query);
        return query.changed(ObjectKind.VM, """
                        select v.*, o.revision, i.name as image_name, i.command_line
                        from vm v join image i on i.id = v.image_id
                        """, "v.id", "order by v.id")
                .query((row, number) -> {
                    UUID id = row.getObject("id", UUID.class);
                    UUID image = row.getObject("image_id", UUID.class);
                    return new DesiredVm(
                            id,
                            row.getLong("revision"),
                            row.getObject("tenant_id", UUID.class),
                            row.getString("name"),
                            PowerState.valueOf(row.getString("power")),
                            row.getInt("vcpus"),
                            row.getInt("max_vcpus"),
                            row.getLong("memory_mib"),
                            row.getLong("max_memory_mib"),
                            new DesiredImage(
                                    image,
                                    row.getString("image_name"),
                                    files.getOrDefault(image, List.of()),
                                    row.getString("command_line")),
                            volumes.getOrDefault(id, List.of()));
                })
                .list();
    }

    private static Map<UUID, List<DesiredVolume>> volumes(HostQuery query) {
        Map<UUID, List<DesiredVolume>> volumes = new HashMap<>();
        query.changed(
                        ObjectKind.VM,
                        "select d.* from volume d",
                        "d.vm_id",
                        "where d.device_index is not null order by d.device_index")
                .query(row -> {
                    volumes.computeIfAbsent(row.getObject("vm_id", UUID.class), vm -> new ArrayList<>())
                            .add(new DesiredVolume(
                                    row.getObject("id", UUID.class),
                                    row.getString("name"),
                                    row.getInt("device_index"),
                                    row.getLong("size_bytes"),
                                    origin(row.getBoolean("from_image"), row.getBoolean("restored")),
                                    null));
                });
        return volumes;
    }

    private static DesiredVolume.Origin origin(boolean fromImage, boolean restored) {
        return restored
                ? DesiredVolume.Origin.RESTORED
                : fromImage ? DesiredVolume.Origin.IMAGE : DesiredVolume.Origin.BLANK;
    }

    private static Map<UUID, List<ImageFile>> imageFiles(HostQuery query) {
        Map<UUID, List<ImageFile>> files = new HashMap<>();
        query.changed(
                        ObjectKind.VM,
                        "select distinct f.* from vm v join image_file f on f.image_id = v.image_id",
                        "v.id",
                        "order by f.image_id, f.role")
                .query(row -> {
                    files.computeIfAbsent(row.getObject("image_id", UUID.class), image -> new ArrayList<>())
                            .add(new ImageFile(
                                    DesiredImage.Role.valueOf(row.getString("role")),
                                    row.getString("sha256"),
                                    row.getLong("size_bytes")));
                });
        return files;
    }
}
