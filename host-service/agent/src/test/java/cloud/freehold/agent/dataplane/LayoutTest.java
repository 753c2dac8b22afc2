package cloud.freehold.agent.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Native;
import java.util.HashMap;
import org.junit.jupiter.api.Test;

/** The structures here are those of the library that was built from the header. */
class LayoutTest {
    private static final CtlLibrary LIBRARY = Native.load(
            System.getProperty("freehold.repository") + "/native/target/build/ctl/libfreeholdctl.so", CtlLibrary.class);

    @Test
    void theLibraryAcceptsOurLayout() {
        assertThat(CtlLibrary.differences(LIBRARY)).isEmpty();
        assertThat(LIBRARY.fh_ctl_api_version()).isEqualTo(Layouts.API_VERSION);
    }

    @Test
    void everyFieldThatWeUseIsWhereWeThink() {
        var ours = new HashMap<String, CStruct.Field>();
        for (var struct : Layouts.ALL) {
            ours.put(struct.name(), new CStruct.Field(0, struct.size()));
            struct.fields().forEach((field, place) -> ours.put(struct.name() + "." + field, place));
        }
        assertThat(CtlLibrary.exported(LIBRARY)).containsAllEntriesOf(ours);
    }
}
