package cloud.freehold.portal.hostlink.domain;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param authorityCertificate file with the PEM of the authority for hosts; with authorityKey. Several portals share
 *     one. Without it, the portal makes its own in {@code freehold.data-dir}/authority
 * @param authorityKey file with the PEM (PKCS#8) of the authority's key
 * @param serverNames DNS names and addresses by which hosts reach the agents' port
 * @param certificateLifetime of a host's certificate; agents renew well before its end
 * @param enrolHosts names of hosts for which a token is written to tokenDir at start, unless they have enrolled
 * @param tokenDir where those tokens and the authority's certificate are written, readable by the portal's user alone
 * @param vcpusPerCpu how many vCPUs are placed on a CPU of a host
 * @param memoryShare how much of a host's memory is given to VMs
 */
@ConfigurationProperties("freehold.hostlink")
public record HostLinkProperties(
        @Nullable Path authorityCertificate,
        @Nullable Path authorityKey,
        @DefaultValue({"localhost", "127.0.0.1", "::1"}) List<String> serverNames,
        @DefaultValue("90d") Duration certificateLifetime,
        @DefaultValue List<String> enrolHosts,
        @Nullable Path tokenDir,
        @DefaultValue("8") int vcpusPerCpu,
        @DefaultValue("0.8") double memoryShare) {}
