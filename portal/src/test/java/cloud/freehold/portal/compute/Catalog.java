package cloud.freehold.portal.compute;

import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** An image and flavors to create VMs from. */
public final class Catalog {

    public final UUID image = UUID.randomUUID();
    public final UUID small = UUID.randomUUID();

    public Catalog(JdbcClient system) {
        system.sql("insert into image (id, name, description, created_at) values (?, 'Debian 12', 'Linux', now())")
                .params(image)
                .update();
        system.sql("insert into image_file (image_id, role, sha256, size_bytes) values (?, 'KERNEL', ?, 5)")
                .params(image, "a".repeat(64))
                .update();
        system.sql("insert into flavor (id, name, vcpus, memory_mib, disk_gib) values (?, 'small', 1, 512, 1)")
                .params(small)
                .update();
    }

    public NewVm vm(String name) {
        return new NewVm(name, "", image, small, null, null);
    }
}
