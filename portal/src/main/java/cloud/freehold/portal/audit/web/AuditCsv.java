package cloud.freehold.portal.audit.web;

import cloud.freehold.portal.audit.domain.AuditEvent;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The trail as RFC 4180 text. */
final class AuditCsv {

    static final String HEAD =
            "sequence,at,actor_kind,actor,action,target_kind,target_id,target,before,after,request_id,source_ip,hash\r\n";

    private AuditCsv() {}

    static String line(AuditEvent event) {
        return Arrays.asList(
                                event.sequence(),
                                event.at(),
                                event.actorKind(),
                                event.actorName(),
                                event.action(),
                                event.targetKind(),
                                event.targetId(),
                                event.targetName(),
                                event.before(),
                                event.after(),
                                event.requestId(),
                                event.sourceIp(),
                                event.hash())
                        .stream()
                        .map(AuditCsv::cell)
                        .collect(Collectors.joining(","))
                + "\r\n";
    }

    /** Names come from people: a cell that a spreadsheet would take for a formula gets an apostrophe in front. */
    static String cell(@Nullable Object value) {
        if (value == null) {
            return "";
        }
        String text = value.toString();
        String harmless = !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
        return '"' + harmless.replace("\"", "\"\"") + '"';
    }
}
