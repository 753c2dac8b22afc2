package cloud.freehold.portal.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

import cloud.freehold.portal.compute.VmId;
import cloud.freehold.portal.testing.Fixtures;
import cloud.freehold.portal.testing.Fixtures.Person;
import cloud.freehold.testing.FakeHost;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.context.junit.jupiter.SpringExtension;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;

/**
 * What a test of backups' pages or API begins with, as a field of it: {@code @RegisterExtension final BackupScene acme =
 * BackupScene.withPoint();}. The tenant acme with its owner, a host and a store are always there.
 */
public final class BackupScene implements BeforeEachCallback, AfterEachCallback {

    private enum Extent {
        STORE,
        VM,
        POINT
    }

    private final Extent extent;
    private BackupFixture rig;
    private MockMvc mvc;
    private Person anna;
    private VmId web;
    private RecoveryPoint point;

    private BackupScene(Extent extent) {
        this.extent = extent;
    }

    public static BackupScene withStore() {
        return new BackupScene(Extent.STORE);
    }

    /** And a VM that runs. */
    public static BackupScene withVm() {
        return new BackupScene(Extent.VM);
    }

    /** And a VM that runs, with a recovery point. */
    public static BackupScene withPoint() {
        return new BackupScene(Extent.POINT);
    }

    @Override
    public void beforeEach(ExtensionContext test) throws IOException {
        ApplicationContext context = SpringExtension.getApplicationContext(test);
        mvc = context.getBean(MockMvc.class);
        anna = context.getBean(Fixtures.class).owner("acme");
        rig = new BackupFixture(context, context.getBean("systemJdbcClient", JdbcClient.class));
        web = extent == Extent.STORE ? null : rig.vm(anna, "web");
        point = extent == Extent.POINT ? rig.point(anna, web) : null;
    }

    @Override
    public void afterEach(ExtensionContext test) {
        if (rig != null) {
            rig.close();
        }
    }

    public BackupFixture rig() {
        return rig;
    }

    public FakeHost host() {
        return rig.host;
    }

    /** It does what it was told and says so. */
    public void hostFollows() throws IOException {
        rig.hostFollows();
    }

    /** The owner of acme. */
    public Person anna() {
        return anna;
    }

    public VmId web() {
        return web;
    }

    public RecoveryPoint point() {
        return point;
    }

    public MockHttpServletResponse send(Person who, MockHttpServletRequestBuilder request) throws Exception {
        return mvc.perform(request.with(who.signedIn())).andReturn().getResponse();
    }

    /** A form of anna's, below acme's pages. */
    public MockHttpServletResponse send(String path, Map<String, String> fields) throws Exception {
        MockHttpServletRequestBuilder request = post("/t/acme" + path);
        fields.forEach(request::param);
        return send(anna, request);
    }

    /** A whole page of acme's, as that person sees it. */
    public String page(Person who, String path) throws Exception {
        MockHttpServletResponse answer = send(who, get("/t/acme" + path));
        assertThat(answer.getStatus()).isEqualTo(200);
        String whole = answer.getContentAsString();
        assertThat(whole).contains("<!DOCTYPE html>").doesNotContain(" style=");
        assertThat(whole.strip()).as("nothing follows the page").endsWith("</html>");
        return whole;
    }
}
