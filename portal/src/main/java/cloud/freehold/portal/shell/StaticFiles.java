package cloud.freehold.portal.shell;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.http.CacheControl;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.resource.VersionResourceResolver;

/**
 * Where styles, scripts, icons and vendor files are found, each with its version in its path, so that browsers keep them.
 * Only these folders: every link of every page is looked up here, and one handler for all paths would search the whole
 * class path for each of a table's links.
 */
@Configuration(proxyBeanMethods = false)
class StaticFiles implements WebMvcConfigurer {

    private static final CacheControl FOR_LONG =
            CacheControl.maxAge(Duration.ofDays(365)).cachePublic();

    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        for (String folder : List.of("css", "img", "vendor")) {
            add(registry, folder, new VersionResourceResolver().addContentVersionStrategy("/**"));
        }
        add(registry, "js", new VersionResourceResolver().addFixedVersionStrategy(scriptsVersion(), "/**"));
    }

    private static void add(ResourceHandlerRegistry registry, String folder, VersionResourceResolver versions) {
        registry.addResourceHandler("/" + folder + "/**")
                .addResourceLocations("classpath:/static/" + folder + "/")
                .setCacheControl(FOR_LONG)
                .resourceChain(true)
                .addResolver(versions);
    }

    /**
     * One for all scripts: they import each other by relative names, so a version for each file would load a module
     * twice, once by its own and once by its versioned name.
     */
    private static String scriptsVersion() {
        try {
            CRC32 sum = new CRC32();
            Resource[] scripts = new PathMatchingResourcePatternResolver().getResources("classpath:/static/js/**/*.js");
            Arrays.sort(scripts, Comparator.comparing(script -> String.valueOf(script.getFilename())));
            for (Resource script : scripts) {
                sum.update(script.getContentAsByteArray());
            }
            return HexFormat.of().toHexDigits((int) sum.getValue());
        } catch (IOException e) {
            throw new IllegalStateException("The scripts of the pages cannot be read", e);
        }
    }
}
