package cloud.freehold.portal.demo;

import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/** @param password the passwords by the part of the address before the @, for example {@code anna} */
@ConfigurationProperties("freehold.demo")
record DemoProperties(@DefaultValue Map<String, String> password) {}
