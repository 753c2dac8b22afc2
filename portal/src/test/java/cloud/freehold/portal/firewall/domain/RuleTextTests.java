package cloud.freehold.portal.firewall.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RuleTextTests {

    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
    private final RuleReader reader = new RuleReader(RandomRules.NAMES, NOW, ZoneId.of("Europe/Berlin"));
    private final RuleWriter writer = new RuleWriter(RandomRules.NAMES);

    @Test
    void everyRuleSurvivesWritingAndReading() {
        Random random = new Random(3);
        for (int i = 0; i < 20_000; i++) {
            RuleSpec spec = RandomRules.spec(random);
            RuleReader.Reading reading = reader.read(writer.write(spec));
            assertThat(reading.errors()).as("%s", spec).isEmpty();
            assertThat(reading.specs()).containsExactly(spec);
        }
    }

    @Test
    void everyRuleSurvivesStorage() {
        Random random = new Random(4);
        RuleSet set = RandomRules.set(random, 2_000);
        assertThat(RuleSetJson.read(RuleSetJson.write(set.rules()))).isEqualTo(set.rules());
    }

    @Test
    void everyRuleSurvivesCsvAndJsonFiles() {
        Random random = new Random(5);
        RuleSet set = RandomRules.set(random, 500);
        for (String file : List.of(
                RuleFileCsv.write(set.rules(), RandomRules.NAMES), RuleFileJson.write("web", set, RandomRules.NAMES))) {
            RuleFile.Content content = RuleFile.read(file, reader);
            assertThat(content.errors()).isEmpty();
            assertThat(content.rules().stream().map(parsed -> new Rule(parsed.id(), parsed.spec())))
                    .isEqualTo(set.rules());
        }
    }

    /** Whatever bytes come, the answer is rules or messages. */
    @Test
    void noTextBreaksTheReader() {
        Random random = new Random(6);
        String alphabet = "0123456789abcdefxyz.,:;/-–%\" '\t\n\0ü[]{}group:addresses:any tcp echo-request 443";
        for (int i = 0; i < 30_000; i++) {
            RuleInput input = new RuleInput(
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet),
                    noise(random, alphabet));
            RuleReader.Reading reading = reader.read(input);
            assertThat(reading.isValid()).isNotEqualTo(reading.specs().isEmpty());
            RuleFile.Content content = RuleFile.read(noise(random, alphabet) + "\n" + noise(random, alphabet), reader);
            assertThat(content.errors().isEmpty()).isNotEqualTo(content.rules().isEmpty());
        }
    }

    private static String noise(Random random, String alphabet) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "direction | sideways | “sideways” is not a direction. Write ingress or egress. | -",
                "action | reject | “reject” is not an action. Write allow or drop. | -",
                "protocol | tpc | “tpc” is not a protocol. Write any, tcp, udp, icmp, icmpv6 or another name, or a number from 0 to 255. | -",
                "protocol | 256 | “256” is not a protocol. Write any, tcp, udp, icmp, icmpv6 or another name, or a number from 0 to 255. | -",
                "ports | 70000 | There is no port 70000: ports lie between 0 and 65535. | -",
                "ports | 90-80 | The range 90-80 ends before it begins. | 80-90",
                "ports | 22, 90-80 | The range 90-80 ends before it begins. | 22, 80-90",
                "ports | ssh | “ssh” is not a port. Write one port like 443 or a range like 8000-8080. | -",
                "remote | 10.1.2.3/8 | “10.1.2.3/8” has bits set beyond its /8. The network is 10.0.0.0/8. | 10.0.0.0/8",
                "remote | group:nobody | There is no security group named “nobody”. Check the name, or create it first. | -",
                "remote | web | “web” names a group; write it as group:web. | group:web",
                "remote | example.com | “example.com” is not a remote. Write any, an address, a CIDR like 10.0.0.0/8, group:NAME or addresses:NAME. | -",
                "etherType | ipv5 | “ipv5” is not an IP version. Write any, IPv4 or IPv6. | -",
                "enabled | perhaps | “perhaps” is neither yes nor no. | -",
                "expires | tomorrow | “tomorrow” is not a time. Write a span like 2h or 3d, or a time like 2026-11-23 13:00 (Europe/Berlin). | -",
                "expires | 5000w | “5000w” is more than ten years away. Leave the field empty for a rule that does not end. | -",
            })
    void saysWhatIsWrongBesideTheField(String field, String value, String message, String suggestion) {
        RuleReader.Reading reading = reader.read(input(Map.of(field, value)));
        assertThat(reading.errors()).containsExactly(new FieldError(field, message, suggestion));
    }

    @Test
    void saysAllMistakesAtOnce() {
        RuleReader.Reading reading = reader.read(input(Map.of("protocol", "x", "remote", "y", "expires", "z")));
        assertThat(reading.errors()).extracting(FieldError::field).containsExactly("protocol", "remote", "expires");
    }

    @Test
    void listsExpand() {
        RuleReader.Reading reading = reader.read(
                input(Map.of("protocol", "tcp, udp", "ports", "53, 853", "remote", "10.0.0.0/8; group:db servers")));
        assertThat(reading.specs()).hasSize(8).doesNotHaveDuplicates();
    }

    @Test
    void pingExpandsToBothProtocolsWithTheirOwnTypes() {
        RuleReader.Reading reading = reader.read(input(Map.of("protocol", "icmp, icmpv6", "ports", "echo-request")));
        assertThat(reading.specs())
                .extracting(RuleSpec::icmp)
                .containsExactly(new IcmpType(8, null), new IcmpType(128, null));
        assertThat(reading.specs()).extracting(RuleSpec::etherType).containsExactly(EtherType.IPV4, EtherType.IPV6);
    }

    @Test
    void aRowDoesNotExpandWithoutEnd() {
        String ports = IntStream.rangeClosed(1, 70).mapToObj(String::valueOf).collect(Collectors.joining(","));
        assertThat(reader.read(input(Map.of("ports", ports))).errors())
                .extracting(FieldError::message)
                .containsExactly(
                        "This makes 70 rules; at most 64 come from one row. Put the addresses into an address group,"
                                + " or use a port range.");
    }

    @Test
    void theIpVersionIsDerivedAndChecked() {
        assertThat(reader.read(input(Map.of("remote", "2001:db8::/32"))).specs())
                .extracting(RuleSpec::etherType)
                .containsExactly(EtherType.IPV6);
        assertThat(reader.read(input(Map.of("remote", "2001:db8::/32", "etherType", "IPv4")))
                        .errors())
                .containsExactly(
                        new FieldError("etherType", "The remote is IPv6, so the rule cannot be for IPv4 only."));
        assertThat(reader.read(input(Map.of("remote", "2001:db8::/32", "protocol", "icmp")))
                        .errors())
                .containsExactly(new FieldError(
                        "remote", "ICMP goes with IPv4, this remote is IPv6. Use icmpv6, or another remote."));
    }

    @Test
    void spansAndLocalTimesBecomeInstants() {
        assertThat(reader.read(input(Map.of("expires", "2h"))).specs().get(0).expiresAt())
                .isEqualTo(Instant.parse("2026-11-22T14:00:00Z"));
        assertThat(reader.read(input(Map.of("expires", "2026-12-24 18:00")))
                        .specs()
                        .get(0)
                        .expiresAt())
                .isEqualTo(Instant.parse("2026-12-24T17:00:00Z"));
        assertThat(reader.read(input(Map.of("expires", "2026-12-24")))
                        .specs()
                        .get(0)
                        .expiresAt())
                .isEqualTo(Instant.parse("2026-12-23T23:00:00Z"));
    }

    @Test
    void templatesAreValid() {
        for (Service service : Service.all()) {
            RuleReader.Reading reading =
                    reader.read(input(Map.of("protocol", service.protocols(), "ports", service.ports())));
            assertThat(reading.errors()).as(service.name()).isEmpty();
        }
    }

    private static RuleInput input(Map<String, String> fields) {
        return new RuleInput(
                fields.getOrDefault("direction", "ingress"),
                fields.getOrDefault("action", "allow"),
                fields.getOrDefault("etherType", ""),
                fields.getOrDefault("protocol", "tcp"),
                fields.getOrDefault("ports", ""),
                fields.getOrDefault("remote", "any"),
                "",
                fields.getOrDefault("enabled", ""),
                "",
                fields.getOrDefault("expires", ""));
    }
}
