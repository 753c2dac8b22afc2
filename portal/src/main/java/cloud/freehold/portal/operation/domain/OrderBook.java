package cloud.freehold.portal.operation.domain;

import cloud.freehold.portal.operation.HostOrders;
import cloud.freehold.portal.operation.OperationKind;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Which feature makes the host's command of which kind of operation. */
@Component
class OrderBook {

    private final ObjectProvider<HostOrders> features;
    private volatile Map<OperationKind, HostOrders> byKind = Map.of();

    /** Late, because features need operations themselves. */
    OrderBook(ObjectProvider<HostOrders> features) {
        this.features = features;
    }

    Optional<HostOrders> of(OperationKind kind) {
        return Optional.ofNullable(all().get(kind));
    }

    /** Names of the kinds that are one-off orders. */
    String[] kinds() {
        return all().keySet().stream().map(Enum::name).toArray(String[]::new);
    }

    private Map<OperationKind, HostOrders> all() {
        if (byKind.isEmpty()) {
            byKind = collect(features.stream().toList());
        }
        return byKind;
    }

    private static Map<OperationKind, HostOrders> collect(List<HostOrders> features) {
        Map<OperationKind, HostOrders> collected = new EnumMap<>(OperationKind.class);
        for (HostOrders feature : features) {
            for (OperationKind kind : feature.kinds()) {
                HostOrders other = collected.put(kind, feature);
                if (other != null) {
                    throw new IllegalStateException(kind + " belongs to two features: " + other + " and " + feature);
                }
            }
        }
        return collected;
    }
}
