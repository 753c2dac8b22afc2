package cloud.freehold.portal.network.domain;

import cloud.freehold.portal.common.InvalidInputException;

/** What networks and routers may be called. */
final class ThingNames {

    private static final int LONGEST = 63;

    private ThingNames() {}

    static String check(String code, String name) {
        String stripped = name.strip();
        if (stripped.isEmpty()
                || stripped.length() > LONGEST
                || stripped.chars().anyMatch(Character::isISOControl)) {
            throw InvalidInputException.field(code, "name", "Give a name of 1 to " + LONGEST + " characters.");
        }
        return stripped;
    }
}
