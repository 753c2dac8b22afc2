package cloud.freehold.portal.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloud.freehold.portal.identity.Accounts;
import cloud.freehold.portal.testing.Browser;
import cloud.freehold.portal.testing.PortalTest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** An answer that fails in its middle must not look whole to whoever loads it, over the real server. */
@PortalTest
class BrokenDownloadTests {

    @LocalServerPort
    private int port;

    @Autowired
    private Accounts accounts;

    @Autowired
    @Qualifier("requestMappingHandlerMapping")
    private RequestMappingHandlerMapping mappings;

    private final RequestMappingInfo whole = path("/account/whole.csv");
    private final RequestMappingInfo broken = path("/account/broken.csv");

    private static RequestMappingInfo path(String path) {
        return RequestMappingInfo.paths(path).methods(RequestMethod.GET).build();
    }

    @BeforeEach
    void offer() throws NoSuchMethodException {
        mappings.registerMapping(whole, this, getClass().getDeclaredMethod("whole", HttpServletResponse.class));
        mappings.registerMapping(broken, this, getClass().getDeclaredMethod("broken", HttpServletResponse.class));
    }

    @AfterEach
    void takeBack() {
        mappings.unregisterMapping(whole);
        mappings.unregisterMapping(broken);
    }

    void whole(HttpServletResponse response) throws IOException {
        PrintWriter out = response.getWriter();
        out.print("first\r\n");
        out.flush();
        out.print("last\r\n");
    }

    void broken(HttpServletResponse response) throws IOException {
        PrintWriter out = response.getWriter();
        out.print("first\r\n");
        out.flush();
        throw new IllegalStateException("the database went away");
    }

    @Test
    void breaksTheConnection() throws Exception {
        accounts.provide("anna@acme.example", "Anna", "correct horse battery");
        Browser browser = new Browser(port).signIn("anna@acme.example", "correct horse battery");
        assertThat(browser.get("/account/whole.csv").body()).isEqualTo("first\r\nlast\r\n");
        assertThatThrownBy(() -> browser.get("/account/broken.csv"))
                .isInstanceOf(IOException.class)
                .hasMessageNotContaining("timed out");
    }
}
