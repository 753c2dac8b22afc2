package cloud.freehold.portal.secrets.domain;

import cloud.freehold.portal.common.UnavailableException;
import cloud.freehold.portal.secrets.Secrets;
import cloud.freehold.portal.secrets.Wrapped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Keeps its keys in a file that only the portal's user can read; several portals share it. */
@Component
class FileKeptSecrets implements Secrets {

    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;

    private final SecureRandom random = new SecureRandom();
    private final Map<String, byte[]> keys;
    private final String current;

    FileKeptSecrets(
            @Value("${freehold.secrets.key-file:}") String file, @Value("${freehold.data-dir:data}") Path dataDir) {
        Path path = file.isEmpty() ? dataDir.resolve("secrets").resolve("keys") : Path.of(file);
        try {
            this.keys = KeyFile.provide(path, random);
            this.current = keys.keySet().iterator().next();
        } catch (IOException e) {
            throw new UncheckedIOException("The file of key-encryption keys cannot be used", e);
        }
    }

    @Override
    public Wrapped wrap(byte[] secret, String purpose) {
        byte[] nonce = new byte[NONCE];
        random.nextBytes(nonce);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, current, nonce, purpose).doFinal(secret);
            byte[] bytes = Arrays.copyOf(nonce, NONCE + sealed.length);
            System.arraycopy(sealed, 0, bytes, NONCE, sealed.length);
            return new Wrapped(bytes, current);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("A secret could not be wrapped", e);
        }
    }

    @Override
    public byte[] unwrap(Wrapped wrapped, String purpose) {
        if (!keys.containsKey(wrapped.by())) {
            throw new UnavailableException(
                    "secrets.no-key",
                    "This portal does not have the key-encryption key " + wrapped.by()
                            + ". The provider has to put it back into the portal's key file.");
        }
        byte[] bytes = wrapped.bytes();
        try {
            return cipher(
                            Cipher.DECRYPT_MODE,
                            wrapped.by(),
                            Arrays.copyOf(bytes, Math.min(NONCE, bytes.length)),
                            purpose)
                    .doFinal(bytes, NONCE, Math.max(0, bytes.length - NONCE));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new UnavailableException(
                    "secrets.damaged",
                    "What is stored is not what key-encryption key " + wrapped.by()
                            + " wrapped. The provider has to restore it from a copy of the database.");
        }
    }

    @Override
    public String currentKey() {
        return current;
    }

    private Cipher cipher(int mode, String key, byte[] nonce, String purpose) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(keys.get(key), "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(("freehold 1 " + key + " " + purpose).getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}
