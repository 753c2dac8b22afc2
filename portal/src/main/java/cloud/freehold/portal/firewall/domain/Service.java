package cloud.freehold.portal.firewall.domain;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A common service, offered as a template and used to name a rule's ports.
 *
 * @param protocols as typed into the protocol field
 * @param ports as typed into the ports field
 * @param sensitive open to the whole internet it is attacked within minutes
 * @param protocolNames the protocols one by one
 */
public record Service(
        String key, String name, String protocols, String ports, boolean sensitive, Set<String> protocolNames) {

    private static final List<Service> ALL = List.of(
            new Service("ssh", "SSH", "tcp", "22", true),
            new Service("http", "HTTP", "tcp", "80", false),
            new Service("https", "HTTPS", "tcp", "443", false),
            new Service("web", "HTTP and HTTPS", "tcp", "80, 443", false),
            new Service("ping", "Ping", "icmp, icmpv6", "echo-request", false),
            new Service("ping4", "Ping (IPv4)", "icmp", "echo-request", false),
            new Service("ping6", "Ping (IPv6)", "icmpv6", "echo-request", false),
            new Service("dns", "DNS", "tcp, udp", "53", false),
            new Service("postgresql", "PostgreSQL", "tcp", "5432", true),
            new Service("mysql", "MySQL", "tcp", "3306", true),
            new Service("redis", "Redis", "tcp", "6379", true),
            new Service("mongodb", "MongoDB", "tcp", "27017", true),
            new Service("mssql", "SQL Server", "tcp", "1433", true),
            new Service("elasticsearch", "Elasticsearch", "tcp", "9200", true),
            new Service("memcached", "Memcached", "tcp, udp", "11211", true),
            new Service("rdp", "RDP", "tcp", "3389", true),
            new Service("vnc", "VNC", "tcp", "5900-5999", true),
            new Service("telnet", "Telnet", "tcp", "23", true),
            new Service("smb", "SMB", "tcp", "445", true),
            new Service("nfs", "NFS", "tcp", "2049", true),
            new Service("docker", "Docker API", "tcp", "2375-2376", true),
            new Service("kubernetes", "Kubernetes API", "tcp", "6443", true),
            new Service("wireguard", "WireGuard", "udp", "51820", false),
            new Service("openvpn", "OpenVPN", "udp", "1194", false),
            new Service("smtp", "SMTP", "tcp", "25", false),
            new Service("submission", "Mail submission", "tcp", "465, 587", false),
            new Service("imaps", "IMAPS", "tcp", "993", false),
            new Service("ntp", "NTP", "udp", "123", false),
            new Service("prometheus", "Prometheus node exporter", "tcp", "9100", true));

    private Service(String key, String name, String protocols, String ports, boolean sensitive) {
        this(key, name, protocols, ports, sensitive, Set.of(protocols.split(",\\s*")));
    }

    private static final Set<String> COMMON =
            Set.of("ssh", "http", "https", "web", "ping", "dns", "postgresql", "mysql");

    /** Offered first; the others take one more click. */
    public boolean isCommon() {
        return COMMON.contains(key);
    }

    public static List<Service> all() {
        return ALL;
    }

    public static Optional<Service> find(String key) {
        return ALL.stream().filter(service -> service.key().equals(key)).findFirst();
    }

    /** The service that exactly these ports are known for. */
    public static Optional<Service> of(RuleSpec spec) {
        String protocol = spec.protocol().toString();
        String ports = RuleWriter.ports(spec);
        return ALL.stream()
                .filter(service -> service.ports().equals(ports))
                .filter(service ->
                        service.protocolNames().size() == 1 || spec.protocol().hasPorts())
                .filter(service -> service.protocolNames().contains(protocol))
                .findFirst();
    }

    /** Sensitive services that a rule lets through; a rule for all ports lets all through. */
    public static List<Service> sensitiveIn(RuleSpec spec) {
        return ALL.stream()
                .filter(Service::sensitive)
                .filter(service -> spec.protocol().isAny()
                        || service.protocolNames().contains(spec.protocol().toString()))
                .filter(service -> overlaps(service, spec.ports()))
                .toList();
    }

    private static boolean overlaps(Service service, @Nullable PortRange ports) {
        PortRange own = PortRange.parse(service.ports());
        return ports == null || (ports.min() <= own.max() && own.min() <= ports.max());
    }
}
