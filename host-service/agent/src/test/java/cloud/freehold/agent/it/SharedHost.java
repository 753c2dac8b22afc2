package cloud.freehold.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * One host with one running VM for all test classes that name it, because both take long to start. A test finds the host whole and the VM
 * running, with whatever earlier tests wrote on its disks, and has to leave nothing held, mounted or half-done, which is looked at after it.
 */
final class SharedHost implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, TestWatcher {
    /** Closed by JUnit at the end of the run. */
    private static final class Started implements AutoCloseable {
        private final Rig rig;
        private final Orders orders;
        private final WritingVm vm;

        Started() throws Exception {
            rig = new Rig();
            orders = new Orders(rig);
            vm = new WritingVm(rig);
        }

        @Override
        public void close() throws Exception {
            vm.close();
            rig.close();
        }
    }

    private Started started;

    Rig rig() {
        return started.rig;
    }

    Orders orders() {
        return started.orders;
    }

    WritingVm vm() {
        return started.vm;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        started = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(
                        SharedHost.class,
                        key -> {
                            try {
                                return new Started();
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        },
                        Started.class);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        if (!vm().state().equals("running")) {
            vm().start();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        rig().heal();
        if (vm().state().equals("running")) {
            assertThat(vm().monitor("query-jobs")).contains("\"return\":[]");
            assertThat(vm().monitor("query-block-exports")).contains("\"return\":[]");
            assertThat(vm().freezeStatus()).contains("thawed");
        }
        try (var files =
                Files.list(rig().directory.resolve("vms").resolve(vm().id.toString()))) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .noneMatch(name -> name.contains("restoring") || name.contains("before"));
        }
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        System.out.println(context.getDisplayName() + " failed\n" + rig().logs());
    }
}
