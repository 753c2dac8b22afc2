package cloud.freehold.portal.compute;

import cloud.freehold.portal.operation.OperationKind;
import java.util.Optional;

/** What can be asked of a VM that exists. */
public enum VmCommand {
    START("start", OperationKind.VM_START),
    STOP("stop", OperationKind.VM_STOP),
    REBOOT("reboot", OperationKind.VM_REBOOT),
    FORCE_OFF("force-off", OperationKind.VM_FORCE_OFF);

    private final String word;
    private final OperationKind operation;

    VmCommand(String word, OperationKind operation) {
        this.word = word;
        this.operation = operation;
    }

    /** As it stands in addresses. */
    public String word() {
        return word;
    }

    public OperationKind operation() {
        return operation;
    }

    public static Optional<VmCommand> of(String word) {
        for (VmCommand command : values()) {
            if (command.word.equals(word)) {
                return Optional.of(command);
            }
        }
        return Optional.empty();
    }
}
