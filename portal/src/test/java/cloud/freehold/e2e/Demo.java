package cloud.freehold.e2e;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The people and guests of the demo. */
final class Demo {

    static final String ANNA = "anna@acme.example";
    static final String VERA = "vera@acme.example";
    static final String GINA = "gina@globex.example";

    private static final Pattern VM = Pattern.compile("/vms/([0-9a-f-]{36})");

    private Demo() {}

    /** Finds the VM as its tenant does: in the list. */
    static Guest guest(Page page, String tenant, String name) {
        page.navigate("/t/" + tenant + "/vms");
        String link = page.getByRole(
                        AriaRole.LINK, new Page.GetByRoleOptions().setName(name).setExact(true))
                .first()
                .getAttribute("href");
        Matcher id = VM.matcher(link);
        if (!id.find()) {
            throw new AssertionError("The link to VM " + name + " leads to " + link);
        }
        return new Guest(name, UUID.fromString(id.group(1)));
    }
}
