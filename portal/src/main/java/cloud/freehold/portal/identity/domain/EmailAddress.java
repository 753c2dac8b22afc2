package cloud.freehold.portal.identity.domain;

import java.util.Locale;
import java.util.regex.Pattern;

/** The form in which addresses are stored and compared. */
final class EmailAddress {

    private static final int LONGEST = 254;
    private static final Pattern PLAUSIBLE = Pattern.compile("[^\\s@\\p{Cntrl}]{1,64}@[^\\s@\\p{Cntrl}]{1,190}");

    private EmailAddress() {}

    static String normalise(String typed) {
        return typed.strip().toLowerCase(Locale.ROOT);
    }

    static boolean isPlausible(String typed) {
        String address = normalise(typed);
        return address.length() <= LONGEST && PLAUSIBLE.matcher(address).matches();
    }

    /** A name to begin with, until the person gives a better one. */
    static String localPart(String address) {
        return address.substring(0, address.indexOf('@'));
    }
}
