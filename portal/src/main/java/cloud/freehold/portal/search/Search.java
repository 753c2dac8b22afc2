package cloud.freehold.portal.search;

import cloud.freehold.portal.common.TenantId;
import java.util.List;

/** A tenant's things by a part of their name, description, address or MAC. */
public interface Search {

    /** The best first; nothing for a blank query. */
    List<SearchHit> find(TenantId tenant, String query);
}
