package cloud.freehold.portal.network.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpRangeTests {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "10.0.0.0",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.1/24",
                "010.0.0.0/8",
                "10.0.0/24",
                "256.0.0.0/8",
                "localhost/8",
                "fd00::1/64",
                "fd00::/129",
                "fd00::%eth0/64",
                "::ffff:10.0.0.0/104",
                ":/0",
                "10.0.0.0/24/24",
                "fd00:::/16",
                "1:2:3:4:5:6:7:8:9/128",
                "10.0.0.0 /24"
            })
    void whatIsNoPrefixIsNotRead(String text) {
        assertThat(IpRange.prefix(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0/0", "::/0", "10.0.0.0/8", "192.0.2.7/32", "FD00::/8", "2001:db8::1/128"})
    void prefixesOfAllLengthsAreRead(String text) {
        assertThat(IpRange.prefix(text)).isPresent();
    }

    @Test
    void theSameRangeIsEqualHoweverItIsWritten() {
        assertThat(IpRange.prefix("FD00:0::/16")).isEqualTo(IpRange.prefix("fd00::/16"));
        assertThat(IpRange.address("::1")).isEqualTo(IpRange.address("0:0:0:0:0:0:0:1"));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.1.0.0/16, true",
        "10.1.0.0/16, 10.0.0.0/8, true",
        "10.0.0.0/24, 10.0.1.0/24, false",
        "0.0.0.0/0, ::/0, false",
        "fd00::/64, fd00:0:0:1::/64, false",
        "::/0, 2001:db8::/32, true",
    })
    void overlapIsContainmentEitherWay(String one, String other, boolean overlap) {
        assertThat(IpRange.prefix(one)
                        .orElseThrow()
                        .overlaps(IpRange.prefix(other).orElseThrow()))
                .isEqualTo(overlap);
    }

    @Test
    void lastAddressOfARange() {
        assertThat(IpRange.prefix("10.0.0.0/30").orElseThrow().last())
                .isEqualTo(IpRange.address("10.0.0.3").orElseThrow().first());
    }
}
