package cloud.freehold.portal.shell;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AuthenticationFailureHandler;
import org.springframework.security.web.authentication.AuthenticationSuccessHandler;
import org.springframework.security.web.authentication.logout.LogoutHandler;
import org.springframework.security.web.savedrequest.HttpSessionRequestCache;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.AndRequestMatcher;
import org.springframework.security.web.util.matcher.NegatedRequestMatcher;
import org.springframework.security.web.util.matcher.RequestHeaderRequestMatcher;

/** The door for people and API clients: session, CSRF token, strict headers; everything but a few pages needs a sign-in. */
@Configuration(proxyBeanMethods = false)
class BrowserSecurity {

    /** Nothing inline, nothing from elsewhere; {@code data:} images because the style sheets hold small SVGs. */
    private static final String CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; style-src 'self';"
            + " img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self';"
            + " base-uri 'none'; frame-ancestors 'none'";

    private static final String PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

    @Bean
    AuthenticationManager authenticationManager(AuthenticationProvider signIn) {
        return new ProviderManager(signIn);
    }

    @Bean
    @Order(2)
    SecurityFilterChain browserChain(
            HttpSecurity http,
            AuthenticationManager signIn,
            AuthenticationSuccessHandler signedIn,
            AuthenticationFailureHandler refused,
            LogoutHandler signedOut,
            SignInEntryPoint entryPoint,
            AccessRefusal accessRefusal) {
        return http.authenticationManager(signIn)
                .authorizeHttpRequests(requests -> requests.requestMatchers(
                                "/css/**", "/js/**", "/img/**", "/vendor/**", "/favicon.ico", "/robots.txt")
                        .permitAll()
                        .requestMatchers("/login", "/sign-in-link/*", "/error", "/livez", "/readyz")
                        .permitAll()
                        .requestMatchers(HttpMethod.GET, "/actuator/health/**", "/actuator/health")
                        .permitAll()
                        .requestMatchers("/actuator/**")
                        .denyAll()
                        .anyRequest()
                        .authenticated())
                .formLogin(form -> form.loginPage("/login")
                        .usernameParameter("email")
                        .successHandler(signedIn)
                        .failureHandler(refused))
                .logout(logout ->
                        logout.logoutUrl("/logout").addLogoutHandler(signedOut).logoutSuccessUrl("/login?ended"))
                .requestCache(cache -> cache.requestCache(pagesOnly()))
                .exceptionHandling(handling ->
                        handling.authenticationEntryPoint(entryPoint).accessDeniedHandler(accessRefusal))
                .headers(headers -> headers.contentSecurityPolicy(csp -> csp.policyDirectives(CONTENT_SECURITY_POLICY))
                        .frameOptions(frame -> frame.deny())
                        .referrerPolicy(referrer -> referrer.policy(
                                org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter
                                        .ReferrerPolicy.SAME_ORIGIN))
                        .crossOriginOpenerPolicy(coop -> coop.policy(
                                org.springframework.security.web.header.writers.CrossOriginOpenerPolicyHeaderWriter
                                        .CrossOriginOpenerPolicy.SAME_ORIGIN))
                        .crossOriginResourcePolicy(corp -> corp.policy(
                                org.springframework.security.web.header.writers.CrossOriginResourcePolicyHeaderWriter
                                        .CrossOriginResourcePolicy.SAME_ORIGIN))
                        .permissionsPolicyHeader(permissions -> permissions.policy(PERMISSIONS_POLICY)))
                .build();
    }

    /** After the sign-in one comes back to a page, never to a fragment, a stream or the API. */
    private static HttpSessionRequestCache pagesOnly() {
        HttpSessionRequestCache cache = new HttpSessionRequestCache();
        cache.setRequestMatcher(new AndRequestMatcher(
                PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.GET, "/**"),
                new NegatedRequestMatcher(
                        PathPatternRequestMatcher.withDefaults().matcher("/api/**")),
                new NegatedRequestMatcher(
                        PathPatternRequestMatcher.withDefaults().matcher("/error")),
                new NegatedRequestMatcher(new RequestHeaderRequestMatcher("HX-Request")),
                new NegatedRequestMatcher(new RequestHeaderRequestMatcher("Accept", "text/event-stream"))));
        return cache;
    }
}
