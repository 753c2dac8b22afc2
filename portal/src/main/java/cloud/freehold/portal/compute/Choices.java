package cloud.freehold.portal.compute;

import java.util.List;
import java.util.UUID;

/** What a new VM can be made of. */
public record Choices(List<Image> images, List<Flavor> flavors) {

    public record Image(UUID id, String name, String description) {}

    public record Flavor(UUID id, String name, int vcpus, long memoryMib, int diskGib) {

        public String label() {
            String memory = memoryMib % 1024 == 0 ? memoryMib / 1024 + " GiB" : memoryMib + " MiB";
            return vcpus + (vcpus == 1 ? " vCPU, " : " vCPUs, ") + memory + ", " + diskGib + " GiB disk";
        }
    }
}
