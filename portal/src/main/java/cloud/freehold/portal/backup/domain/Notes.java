package cloud.freehold.portal.backup.domain;

import cloud.freehold.portal.common.InvalidInputException;

/** What people write beside a point, a policy or a snapshot. */
final class Notes {

    static final int LONGEST = 500;

    private Notes() {}

    static void check(String note) {
        if (note.length() > LONGEST
                || note.chars().anyMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\r')) {
            throw InvalidInputException.field(
                    "backup.note",
                    "note",
                    "A note has up to " + LONGEST + " characters, none of them a control character.");
        }
    }
}
