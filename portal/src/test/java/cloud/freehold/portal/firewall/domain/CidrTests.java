package cloud.freehold.portal.firewall.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTests {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,10.0.0.0/8",
        "192.0.2.7,192.0.2.7/32",
        "' 192.0.2.0 / 24 ',192.0.2.0/24",
        "0.0.0.0/0,0.0.0.0/0",
        "::/0,::/0",
        "::,::/128",
        "2001:DB8::/32,2001:db8::/32",
        "2001:db8:0:0:1:0:0:1,2001:db8::1:0:0:1/128",
        "2001:db8:0:1:1:1:1:1,2001:db8:0:1:1:1:1:1/128",
        "1::,1::/128",
        "64:ff9b::192.0.2.1,64:ff9b::c000:201/128",
    })
    void readsAndWritesTheCanonicalForm(String text, String canonical) {
        assertThat(Cidr.parse(text)).hasToString(canonical);
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3/8,10.0.0.0/8",
        "192.0.2.129/25,192.0.2.128/25",
        "10.0.0.1/0,0.0.0.0/0",
        "2001:db8::1/32,2001:db8::/32",
        "2001:db8::ff/120,2001:db8::/120",
        "::ffff:192.0.2.1,192.0.2.1",
        "::ffff:10.0.0.0/104,10.0.0.0/8",
        "010.0.0.1,10.0.0.1",
        "fe80::1%eth0,fe80::1",
    })
    void suggestsWhatWasMeant(String text, String suggestion) {
        UnreadableException problem = catchThrowableOfType(UnreadableException.class, () -> Cidr.parse(text));
        assertThat(problem.suggestion()).isEqualTo(suggestion);
        assertThat(Cidr.isReadable(suggestion)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "10",
                "10.0.0",
                "10.0.0.0.0",
                "256.0.0.1",
                "1.2.3.-4",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "10.0.0.0/8/8",
                ":::",
                "1::2::3",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "::/129",
                "g::",
                "12345::",
                "1:2:3:4:5:6:7:8::",
                "localhost",
                "example.com",
                "1.2.3.4:80",
                "[::1]",
                "0x7f.0.0.1",
                "١.٢.٣.٤"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(UnreadableException.class);
    }

    @Test
    void everyPrefixSurvivesWritingAndReading() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            Cidr cidr = RandomRules.cidr(random);
            assertThat(Cidr.parse(cidr.toString())).isEqualTo(cidr);
            assertThat(Cidr.parse(cidr.display())).isEqualTo(cidr);
        }
    }

    /** The JDK is the second opinion: what it makes of our text is what we mean. */
    @Test
    void textMeansToOthersWhatItMeansToUs() throws UnknownHostException {
        Random random = new Random(2);
        for (int i = 0; i < 5_000; i++) {
            Cidr cidr = RandomRules.cidr(random);
            String address = cidr.toString().substring(0, cidr.toString().indexOf('/'));
            BigInteger theirs = new BigInteger(1, InetAddress.getByName(address).getAddress());
            BigInteger ours = BigInteger.valueOf(cidr.high())
                    .and(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE))
                    .shiftLeft(64)
                    .or(BigInteger.valueOf(cidr.low())
                            .and(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE)));
            assertThat(ours).as(address).isEqualTo(theirs);
        }
    }

    @Test
    void containmentIsByPrefix() {
        assertThat(Cidr.parse("10.0.0.0/8").contains(Cidr.parse("10.9.0.0/16"))).isTrue();
        assertThat(Cidr.parse("10.0.0.0/8").contains(Cidr.parse("11.0.0.0/16"))).isFalse();
        assertThat(Cidr.parse("10.9.0.0/16").contains(Cidr.parse("10.0.0.0/8"))).isFalse();
        assertThat(Cidr.parse("2001:db8::/65").contains(Cidr.parse("2001:db8::8000:0:0:1")))
                .isFalse();
        assertThat(Cidr.ALL_IPV6.contains(Cidr.parse("10.0.0.1"))).isFalse();
    }
}
