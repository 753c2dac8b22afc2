package cloud.freehold.agent.storage;

import cloud.freehold.api.ProblemCode;
import cloud.freehold.api.desired.DesiredVm;
import java.io.IOException;
import java.nio.file.Path;

/** Whether all that a live restore brings has come: until then a volume reads the rest from the point, if somebody shows it. */
public final class Arrivals {
    private static final String FROM_A_POINT = "nbd+unix:";

    private final VmFiles files;
    private final ImageTool tool;

    public Arrivals(VmFiles files, String qemuUser) {
        this.files = files;
        this.tool = new ImageTool(qemuUser);
    }

    /**
     * To be asked about a VM that is off and whose start was refused.
     *
     * @throws StorageException a volume lacks something
     */
    public void check(DesiredVm vm, Exception refusal) throws StorageException, IOException {
        for (var volume : vm.volumes()) {
            if (lacksSomething(files.volume(vm.id(), volume.id()))) {
                throw new StorageException(
                        ProblemCode.WRONG_STATE,
                        "The VM cannot start: a part of its data has not arrived from its recovery point. While the restore"
                                + " goes on, the VM starts as soon as the backup store answers. If the restore was cancelled,"
                                + " delete the VM and restore the point again.",
                        "volume " + volume.id() + " still reads from a point: " + refusal.getMessage(),
                        refusal);
            }
        }
    }

    private boolean lacksSomething(Path volume) throws IOException {
        return tool.info(volume)
                .backing()
                .filter(backing -> backing.startsWith(FROM_A_POINT))
                .isPresent();
    }
}
