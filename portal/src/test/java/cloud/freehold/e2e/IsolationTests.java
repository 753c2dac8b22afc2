package cloud.freehold.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.FormData;
import com.microsoft.playwright.options.RequestOptions;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Globex can neither see nor reach anything of acme; nobody can pretend to be somebody else. */
@EndToEnd
class IsolationTests {

    private static final int ECHO = 7;

    @RegisterExtension
    static final AcmeVisit acme = new AcmeVisit();

    private static Page gina;
    private static Guest lab;
    private static GroupPage group;

    @BeforeAll
    static void signIn() {
        gina = acme.browser().signIn(Demo.GINA);
        lab = Demo.guest(gina, "globex", "lab");
        group = acme.groupOnDb("open to all");
    }

    @Test
    void pagesOfAnotherTenantDoNotExist() {
        String groupId = group.address().substring(group.address().lastIndexOf('/') + 1);
        for (String path : new String[] {
            "/t/acme",
            "/t/acme/vms",
            "/t/acme/vms/" + acme.web().vm(),
            "/t/acme/firewall/groups",
            "/t/acme/firewall/groups/" + groupId,
            "/t/acme/firewall/groups/" + groupId + "/rules.json",
            "/t/acme/audit",
            "/t/globex/vms/" + acme.web().vm(),
            "/t/globex/firewall/groups/" + groupId,
            "/t/globex/firewall/groups/" + groupId + "/rules.csv",
            "/t/globex/firewall/groups/" + groupId + "/history",
        }) {
            APIResponse answer = gina.request().get(path);
            assertThat(answer.status()).as(path).isEqualTo(404);
            assertThat(answer.text()).as(path).doesNotContain("open to all");
        }
    }

    @Test
    void idsOfAnotherTenantCannotBeChanged() {
        gina.navigate("/t/globex/firewall/groups");
        String token = gina.locator("meta[name=csrf-token]").getAttribute("content");
        String groupId = group.address().substring(group.address().lastIndexOf('/') + 1);
        for (String path : new String[] {
            "/t/globex/firewall/groups/" + groupId + "/delete",
            "/t/globex/firewall/groups/" + groupId + "/apply",
            "/t/globex/firewall/groups/" + groupId + "/draft/rules",
            "/t/acme/firewall/groups/" + groupId + "/delete",
            "/t/globex/vms/" + acme.db().vm() + "/stop",
            "/t/globex/vms/" + acme.db().vm() + "/delete",
        }) {
            APIResponse answer = gina.request()
                    .post(
                            path,
                            RequestOptions.create()
                                    .setForm(FormData.create().set("_csrf", token))
                                    .setMaxRedirects(0));
            assertThat(answer.status()).as(path).isEqualTo(404);
        }
        assertThat(acme.db().answers()).isTrue();
    }

    @Test
    void packetsOfAnotherTenantDoNotArrive() {
        group.open();
        group.allow("any", "", "any", "everything from everywhere");
        group.apply();
        group.awaitEnforced();
        String address = acme.db().ipv4();
        assertThat(acme.web().connect(address, 80)).as("within the tenant").startsWith("connected");

        assertThat(lab.reaches(address, 80)).isFalse();
        assertThat(lab.reaches(acme.db().ipv6(), 80)).isFalse();
        assertThat(lab.output("ping -c 2 -W 1 " + address + " >/dev/null && echo answered"))
                .doesNotContain("answered");

        forge(lab, lab.mac(), lab.ipv4(), "from-lab-itself");
        forge(lab, acme.web().mac(), acme.web().ipv4(), "from-lab-as-web");
        forge(lab, lab.mac(), acme.web().ipv4(), "from-lab-with-the-address-of-web");
        control("after-lab");
        assertThat(received()).doesNotContain("from-lab");
    }

    @Test
    void aGuestCannotForgeItsAddresses() {
        group.open();
        group.allow("udp", String.valueOf(ECHO), "any", "echo for everybody");
        group.apply();
        group.awaitEnforced();

        forge(acme.web(), acme.web().mac(), "198.51.100.7", "forged-address");
        forge(acme.web(), "02:00:00:00:00:77", acme.web().ipv4(), "forged-mac");
        forge(acme.web(), acme.web().mac(), acme.db().ipv4(), "forged-as-its-target");
        control("after-forging");
        assertThat(received()).doesNotContain("forged");
    }

    /** An honest frame made the same way arrives, so the forged ones would have been seen. */
    private static void control(String text) {
        forge(acme.web(), acme.web().mac(), acme.web().ipv4(), text);
        Await.until(
                "the honest frame arrives",
                Duration.ofSeconds(10),
                IsolationTests::received,
                seen -> seen.contains(text));
    }

    private static void forge(Guest from, String mac, String source, String text) {
        assertThat(from.output("fhprobe spoof eth0 %s %s %s %s %d %s"
                        .formatted(mac, source, acme.db().ipv4(), acme.db().mac(), ECHO, text)))
                .isEqualTo("sent");
    }

    private static String received() {
        return acme.db().output("cat /run/fhprobe.received");
    }
}
