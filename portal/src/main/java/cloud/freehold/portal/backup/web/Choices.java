package cloud.freehold.portal.backup.web;

import cloud.freehold.portal.backup.Store;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What forms offer. */
final class Choices {

    private Choices() {}

    static Map<String, String> stores(List<Store> stores) {
        Map<String, String> options = new LinkedHashMap<>();
        if (stores.size() != 1) {
            options.put("", stores.isEmpty() ? "There is none" : "The first that the VM's host reaches");
        }
        stores.forEach(store -> options.put(
                store.id().toString(), store.name() + (store.kind().equals("S3") ? " (object storage)" : "")));
        return options;
    }
}
