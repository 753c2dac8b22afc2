package cloud.freehold.portal.traffic.web;

import cloud.freehold.portal.common.Htmx;
import cloud.freehold.portal.common.Ids;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.tenancy.TenantScope;
import cloud.freehold.portal.traffic.domain.PacketEnd;
import cloud.freehold.portal.traffic.domain.PacketReader;
import cloud.freehold.portal.traffic.domain.PacketTester;
import cloud.freehold.portal.traffic.domain.TrafficNic;
import cloud.freehold.portal.traffic.domain.TrafficNics;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;

/** What would become of a packet. A test changes nothing, so its address holds all of it and can be passed on. */
@Controller
class PacketTestController {

    private final TrafficNics nics;
    private final PacketTester tester;

    PacketTestController(TrafficNics nics, PacketTester tester) {
        this.nics = nics;
        this.tester = tester;
    }

    @GetMapping("/t/{tenantSlug}/firewall/test")
    String show(
            TenantScope scope,
            @ModelAttribute("packet") PacketForm form,
            Model model,
            HttpServletRequest request,
            HttpServletResponse response) {
        List<TrafficNic> all = nics.all(scope.tenantId());
        TrafficNic nic = chosen(scope, all, form.nic());
        PacketReader.Typed typed = form.isHelped() ? form.withRemote(request.getRemoteAddr()) : form.typed();
        List<PacketEnd> ends = List.of();
        Map<String, String> errors = new HashMap<>();
        if (form.isAsked() && nic != null) {
            try {
                ends = tester.test(scope.tenantId(), PacketReader.read(nic, typed));
            } catch (InvalidInputException e) {
                e.fields().forEach(field -> errors.putIfAbsent(field.field(), field.message()));
                response.setStatus(e.status());
            }
        }
        model.addAttribute("scope", scope);
        model.addAttribute("view", new PacketTestView(all, nic, typed, ends, errors));
        model.addAttribute("flagWords", FLAG_WORDS);
        return Htmx.of(request).view("traffic/test", "traffic/_test :: tester");
    }

    /** What each choice of flags means, in order. */
    private static final Map<String, String> FLAG_WORDS = flagWords();

    private static Map<String, String> flagWords() {
        Map<String, String> words = new java.util.LinkedHashMap<>();
        words.put("syn", "SYN: opens a connection");
        words.put("syn-ack", "SYN+ACK: answers one");
        words.put("ack", "ACK: in the middle of one");
        words.put("fin", "FIN+ACK: ends one");
        words.put("rst", "RST: breaks one");
        return words;
    }

    private @Nullable TrafficNic chosen(TenantScope scope, List<TrafficNic> all, @Nullable String nic) {
        return nic == null || nic.isEmpty()
                ? all.stream().findFirst().orElse(null)
                : nics.get(scope.tenantId(), Ids.parse(nic));
    }
}
