package cloud.freehold.portal.shell;

import cloud.freehold.portal.common.Actor;
import cloud.freehold.portal.common.ActorSource;
import cloud.freehold.portal.identity.SignedInUser;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/** Whoever is signed in on this thread. */
@Component
class WebActorSource implements ActorSource {

    @Override
    public Actor current() {
        Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
        if (authentication != null && authentication.getPrincipal() instanceof SignedInUser user) {
            return Actor.member(user.id(), user.email(), sourceIp());
        }
        return Actor.system("portal");
    }

    private static @Nullable String sourceIp() {
        return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes web
                ? web.getRequest().getRemoteAddr()
                : null;
    }
}
