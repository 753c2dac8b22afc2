package cloud.freehold.portal.firewall.domain;

/**
 * What a change brings about, in a sentence, before it is applied.
 *
 * @param weight how much attention it asks for
 */
public record Consequence(Weight weight, String text) {

    public enum Weight {
        NOTE,
        /** Opens or closes something. */
        NOTICE,
        /** Exposes something that is attacked, or cuts everything off. */
        WARNING
    }
}
