package cloud.freehold.portal.notification.web;

import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.notification.Channel;
import cloud.freehold.portal.notification.NotificationKind;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** @param kinds codes; none: everything */
record ChannelForm(
        @Nullable String type,
        @Nullable String name,
        @Nullable String member,
        @Nullable String url,
        @Nullable String enabled,
        @Nullable List<String> kinds,
        @Nullable Long version) {

    static ChannelForm empty(String type) {
        return new ChannelForm(type, "", "", "", "true", List.of(), null);
    }

    static ChannelForm of(Channel channel) {
        return new ChannelForm(
                channel.type().name(),
                channel.name(),
                "",
                channel.url(),
                channel.enabled() ? "true" : null,
                channel.kinds().stream().map(NotificationKind::code).toList(),
                channel.version());
    }

    static Set<NotificationKind> kinds(@Nullable List<String> codes) {
        Set<NotificationKind> kinds = EnumSet.noneOf(NotificationKind.class);
        if (codes != null) {
            for (String code : codes) {
                kinds.add(NotificationKind.of(code == null ? "" : code)
                        .orElseThrow(() -> InvalidInputException.field(
                                "channel.kinds", "kinds", "There is no such kind of notification.")));
            }
        }
        return kinds;
    }

    Set<NotificationKind> chosenKinds() {
        return kinds(kinds);
    }

    String givenName() {
        return name == null ? "" : name;
    }

    public boolean isWebhook() {
        return "WEBHOOK".equals(type);
    }

    public String title() {
        return isWebhook() ? "New webhook" : "New e-mail channel";
    }

    public boolean isOn() {
        return "true".equals(enabled);
    }
}
