package cloud.freehold.api.enrolment;

/**
 * @param token one-time, from the provider
 * @param hostName how the host calls itself; must match what the token was made for
 * @param certificateRequest PKCS#10, PEM; the key never leaves the host
 */
public record EnrolmentRequest(String token, String hostName, String certificateRequest) {}
