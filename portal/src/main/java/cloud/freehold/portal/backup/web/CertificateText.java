package cloud.freehold.portal.backup.web;

import cloud.freehold.api.backup.Certificate;
import cloud.freehold.api.backup.Consistency;
import cloud.freehold.portal.backup.Levels;
import cloud.freehold.portal.backup.RecoveryPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A certificate as sentences that anybody understands, the numbers that prove them included.
 *
 * @param full what was wanted was reached
 */
record CertificateText(String headline, String promise, boolean full, List<String> sentences) {

    static CertificateText of(RecoveryPoint point) {
        Certificate certificate = point.certificate();
        List<String> sentences = new ArrayList<>();
        if (point.achieved() != point.wanted()) {
            String reason = certificate.reason() == null ? "" : " " + certificate.reason();
            sentences.add("Wanted was " + Levels.name(point.wanted()) + "." + reason);
        }
        freeze(certificate, sentences);
        barrier(certificate, sentences);
        sentences.add(
                certificate.longestPauseMillis() <= 0
                        ? "The guest was not held up."
                        : "The guest was held up for " + certificate.longestPauseMillis() + " ms at the most.");
        int disks = Objects.requireNonNullElse(certificate.disks(), List.<Certificate.Disk>of())
                .size();
        if (disks > 1) {
            sentences.add("All " + disks + " disks show the same moment.");
        }
        return new CertificateText(
                Levels.name(point.achieved()),
                Levels.promise(point.achieved()),
                point.achieved() == point.wanted(),
                sentences);
    }

    private static void freeze(Certificate certificate, List<String> sentences) {
        if (certificate.freezeMillis() != null) {
            sentences.add("The guest agent froze the filesystems for " + certificate.freezeMillis()
                    + " ms and has thawed them again.");
        }
    }

    private static void barrier(Certificate certificate, List<String> sentences) {
        if (certificate.achieved() != Consistency.BARRIER) {
            return;
        }
        List<Certificate.Disk> disks = Objects.requireNonNullElse(certificate.disks(), List.of());
        long during = disks.stream().mapToLong(Certificate.Disk::writesDuring).sum();
        sentences.add(
                disks.stream().allMatch(disk -> disk.writesSinceFlush() == 0)
                        ? "No write had completed since the last flush of each disk."
                        : "Each disk was at rest or right behind a flush.");
        sentences.add(
                during == 0
                        ? "No write completed while the point was taken; the counters on both sides agree."
                        : during + " writes completed while the point was taken.");
        if (certificate.tries() > 1) {
            sentences.add("It took " + certificate.tries() + " tries to find such a moment.");
        }
    }
}
