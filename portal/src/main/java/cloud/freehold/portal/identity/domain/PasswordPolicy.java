package cloud.freehold.portal.identity.domain;

import cloud.freehold.portal.common.InvalidInputException;
import java.util.Locale;

/** Long is what makes a password good; nothing else is asked for. */
final class PasswordPolicy {

    static final int SHORTEST = 12;
    static final int LONGEST = 128;
    private static final int FEWEST_DIFFERENT = 5;

    private PasswordPolicy() {}

    static void check(String field, String password, String email) {
        if (password.length() < SHORTEST || password.length() > LONGEST) {
            throw refused(field, "Use " + SHORTEST + " to " + LONGEST + " characters; a few words in a row are fine.");
        }
        if (password.chars().distinct().count() < FEWEST_DIFFERENT) {
            throw refused(field, "Use more different characters.");
        }
        if (password.toLowerCase(Locale.ROOT).contains(EmailAddress.localPart(email))
                && password.length() < SHORTEST + EmailAddress.localPart(email).length()) {
            throw refused(field, "Do not build the password from your e-mail address.");
        }
    }

    private static InvalidInputException refused(String field, String message) {
        return InvalidInputException.field("account.password-weak", field, message);
    }
}
