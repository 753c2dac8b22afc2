package cloud.freehold.api.enrolment;

/** @param certificateRequest PKCS#10, PEM, of a new key; authenticated by the present certificate */
public record RenewalRequest(String certificateRequest) {}
