package cloud.freehold.portal.network;

import java.util.List;

/** What a network should be. */
public record NetworkSpec(String name, List<SubnetSpec> subnets) {}
