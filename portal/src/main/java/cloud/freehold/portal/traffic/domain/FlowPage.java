package cloud.freehold.portal.traffic.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** @param next where the next page begins; null: this is the last one */
public record FlowPage(List<Flow> flows, @Nullable String next) {}
