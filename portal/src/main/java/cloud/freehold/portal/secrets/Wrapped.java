package cloud.freehold.portal.secrets;

import java.util.Arrays;

/**
 * @param bytes nonce and ciphertext with its tag
 * @param by the name of the key that wrapped it
 */
public record Wrapped(byte[] bytes, String by) {

    @Override
    public boolean equals(Object other) {
        return other instanceof Wrapped that && by.equals(that.by) && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes) * 31 + by.hashCode();
    }

    @Override
    public String toString() {
        return "Wrapped[by=" + by + "]";
    }
}
