package cloud.freehold.portal.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.MockHttpSession;
import org.springframework.web.servlet.FlashMap;

class PageFlashMapsTests {

    private static final String PATH = "/t/acme/vms/1/backups";

    private final PageFlashMaps maps = new PageFlashMaps();
    private final MockHttpSession session = new MockHttpSession();

    @Test
    void pageGetsWhatItsFormSaysAlthoughPartsAskFirst() {
        say("The backup has begun.", request("POST", false));
        assertThat(heard(request("GET", true))).isNull();
        assertThat(heard(request("GET", false))).isEqualTo("The backup has begun.");
        assertThat(heard(request("GET", false))).isNull();
    }

    @Test
    void partGetsWhatItsOwnFormSays() {
        say("That was not possible.", request("POST", true));
        assertThat(heard(request("GET", true))).isEqualTo("That was not possible.");
    }

    private void say(String notice, MockHttpServletRequest request) {
        FlashMap map = new FlashMap();
        map.setTargetRequestPath(PATH);
        map.put("notice", notice);
        maps.saveOutputFlashMap(map, request, new MockHttpServletResponse());
    }

    private @Nullable Object heard(MockHttpServletRequest request) {
        FlashMap map = maps.retrieveAndUpdate(request, new MockHttpServletResponse());
        return map == null ? null : map.get("notice");
    }

    private MockHttpServletRequest request(String method, boolean part) {
        MockHttpServletRequest request = new MockHttpServletRequest(method, PATH);
        request.setSession(session);
        if (part) {
            request.addHeader("HX-Request", "true");
        }
        return request;
    }
}
