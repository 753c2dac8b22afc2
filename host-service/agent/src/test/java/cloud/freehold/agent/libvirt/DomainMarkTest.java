package cloud.freehold.agent.libvirt;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DomainMarkTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "<vm",
                "<vm/>",
                "<vm owner='main' run='00000000-0000-0000-0000-000000000001' revision='x' memory-mib='1'/>",
                "<vm run='00000000-0000-0000-0000-000000000001' revision='1' memory-mib='1' started-at='soon'/>",
                "<!DOCTYPE vm [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><vm owner='&a;'/>",
            })
    void whatIsNoMarkIsRefused(String element) {
        assertThatIllegalArgumentException().isThrownBy(() -> DomainMark.read(element));
    }
}
