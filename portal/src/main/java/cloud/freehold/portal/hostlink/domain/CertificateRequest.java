package cloud.freehold.portal.hostlink.domain;

import cloud.freehold.portal.common.InvalidInputException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/** The key of a PKCS#10 request whose sender has shown that it holds the private half. */
final class CertificateRequest {

    private static final int MOST_CHARACTERS = 16_384;

    private CertificateRequest() {}

    static PublicKey verifiedKey(@Nullable String pem) {
        if (pem == null || pem.length() > MOST_CHARACTERS) {
            throw refused("It is missing or too long.");
        }
        try {
            JcaPKCS10CertificationRequest request =
                    new JcaPKCS10CertificationRequest(Pem.der(pem, "CERTIFICATE REQUEST"));
            PublicKey key = request.getPublicKey();
            boolean strong = (key instanceof ECPublicKey ec
                            && ec.getParams().getOrder().bitLength() >= 256)
                    || (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= 2048);
            if (!strong) {
                throw refused(
                        "Its key is too weak or of an unknown kind; use EC P-256 or better, or RSA of 2048 bits.");
            }
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw refused("Its signature does not match its key.");
            }
            return key;
        } catch (GeneralSecurityException | IOException | PKCSException | OperatorCreationException e) {
            throw refused("It is no readable PKCS#10 request in PEM.");
        }
    }

    private static InvalidInputException refused(String why) {
        return InvalidInputException.field(
                "host.certificate-request", "certificateRequest", "The certificate request cannot be used. " + why);
    }
}
