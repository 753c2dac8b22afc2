package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.backup.PolicySettings;
import cloud.freehold.portal.backup.Retention;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.TenantId;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What a policy may be told. */
@Component
class PolicyChecks {

    private static final int LONGEST_NAME = 63;
    private static final int MOST_KEPT = 1_000;
    private static final int LONGEST_PATH = 200;

    private final PolicyRows rows;
    private final Stores stores;

    PolicyChecks(PolicyRows rows, Stores stores) {
        this.rows = rows;
        this.stores = stores;
    }

    /** @param before null for a new one. The store that it has may stay although it is offered no more */
    PolicySettings check(TenantId tenant, PolicySettings wanted, PolicyRows.@Nullable Row before) {
        String name = wanted.name().strip();
        if (name.isEmpty() || name.length() > LONGEST_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw wrong("name", "Give the policy a name of up to " + LONGEST_NAME + " characters.");
        }
        if (rows.nameTaken(tenant, name, before == null ? null : before.id())) {
            throw wrong("name", "There is already a policy of this name. Choose another name.");
        }
        boolean keptStore = before != null && before.settings().store().equals(wanted.store());
        if (!keptStore
                && stores.offered(tenant).stream().noneMatch(store -> store.id().equals(wanted.store()))) {
            throw wrong("store", "There is no such store. Choose one of the list.");
        }
        if (wanted.acceptable().compareTo(wanted.wanted()) > 0) {
            throw wrong("acceptable", "What is acceptable cannot be stronger than what is wanted.");
        }
        if (wanted.freezeLimitMillis() < 100 || wanted.freezeLimitMillis() > 60_000) {
            throw wrong("freezeLimit", "The freeze may last between 0.1 and 60 seconds.");
        }
        check(wanted.retention());
        checkDrill(wanted);
        return new PolicySettings(
                name,
                wanted.enabled(),
                wanted.store(),
                wanted.allVms(),
                Labels.check(wanted.labels()),
                wanted.schedule(),
                wanted.wanted(),
                wanted.acceptable(),
                wanted.freezeLimitMillis(),
                wanted.retention(),
                wanted.objective(),
                wanted.verify(),
                wanted.drill(),
                wanted.drillPort(),
                wanted.drillPath(),
                wanted.recoveryObjective());
    }

    static void check(Retention keep) {
        boolean sane = IntStream.of(
                        keep.last(), keep.hourly(), keep.daily(), keep.weekly(), keep.monthly(), keep.yearly())
                .allMatch(count -> count >= 0 && count <= MOST_KEPT);
        if (!sane) {
            throw wrong("keepLast", "Keep between 0 and " + MOST_KEPT + " of each.");
        }
    }

    private static void checkDrill(PolicySettings wanted) {
        Integer port = wanted.drillPort();
        String path = wanted.drillPath();
        if (port != null && (port < 1 || port > 65_535)) {
            throw wrong("drillPort", "A port lies between 1 and 65535.");
        }
        if (path != null && port == null) {
            throw wrong("drillPort", "Say on which port the path is to be asked for, for example 80.");
        }
        boolean clean = path == null
                || (path.startsWith("/")
                        && path.length() <= LONGEST_PATH
                        && path.chars().allMatch(c -> c > 0x20 && c < 0x7f));
        if (!clean) {
            throw wrong("drillPath", "A path begins with / and has no spaces, for example /health.");
        }
    }

    private static InvalidInputException wrong(String field, String message) {
        return InvalidInputException.field("backup.policy-" + field.toLowerCase(java.util.Locale.ROOT), field, message);
    }
}
