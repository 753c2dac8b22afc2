package cloud.freehold.portal.notification.web;

import cloud.freehold.portal.common.ETags;
import cloud.freehold.portal.common.InvalidInputException;
import cloud.freehold.portal.common.KeysetPage;
import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.notification.Channel;
import cloud.freehold.portal.notification.ChannelId;
import cloud.freehold.portal.notification.Channels;
import cloud.freehold.portal.notification.Delivery;
import cloud.freehold.portal.notification.DeliveryId;
import cloud.freehold.portal.notification.Notification;
import cloud.freehold.portal.notification.NotificationId;
import cloud.freehold.portal.notification.Notifications;
import cloud.freehold.portal.tenancy.RequiresRole;
import cloud.freehold.portal.tenancy.Role;
import cloud.freehold.portal.tenancy.TenantScope;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Notifications and channels for programs. */
@RestController
@RequestMapping("/api/v1/tenants/{tenantSlug}")
class NotificationApi {

    private static final int MOST = 200;

    record Items<T>(List<T> items) {}

    /** One of memberId (e-mail) and url (webhook). */
    record NewChannel(
            @Nullable String name,
            @Nullable UUID memberId,
            @Nullable String url,
            @Nullable List<String> kinds) {}

    record Change(
            @Nullable String name,
            @Nullable Boolean enabled,
            @Nullable List<String> kinds) {}

    /** @param secret signs its deliveries; null for e-mail, and never shown again */
    record Created(Channel channel, @Nullable String secret) {}

    record Sent(DeliveryId delivery) {}

    private final Notifications notifications;
    private final Channels channels;

    NotificationApi(Notifications notifications, Channels channels) {
        this.notifications = notifications;
        this.channels = channels;
    }

    @GetMapping("/notifications")
    KeysetPage<Notification> list(
            TenantScope scope,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(defaultValue = "50") int limit) {
        return notifications.page(
                scope.tenantId(), scope.userId(), after == null ? null : NotificationId.of(after), checked(limit));
    }

    @PostMapping("/notifications/read")
    @RequiresRole(Role.VIEWER)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void read(TenantScope scope) {
        notifications.markRead(scope.tenantId(), scope.userId());
    }

    @GetMapping("/notification-channels")
    Items<Channel> channels(TenantScope scope) {
        return new Items<>(channels.list(scope.tenantId()));
    }

    @PostMapping("/notification-channels")
    @RequiresRole(Role.ADMIN)
    ResponseEntity<Created> create(TenantScope scope, @RequestBody NewChannel wanted) {
        if ((wanted.memberId() == null) == (wanted.url() == null)) {
            throw InvalidInputException.field(
                    "channel.target", "url", "Name either a member (memberId) for e-mail or a url for a webhook.");
        }
        String name = Objects.requireNonNullElse(wanted.name(), "");
        if (wanted.url() != null) {
            Channels.Added added =
                    channels.addWebhook(scope.tenantId(), name, wanted.url(), ChannelForm.kinds(wanted.kinds()));
            return created(scope, added.id(), added.secret());
        }
        ChannelId id = channels.addEmail(
                scope.tenantId(),
                name,
                new UserId(Objects.requireNonNull(wanted.memberId())),
                ChannelForm.kinds(wanted.kinds()));
        return created(scope, id, null);
    }

    private ResponseEntity<Created> created(TenantScope scope, ChannelId id, @Nullable String secret) {
        return ResponseEntity.status(HttpStatus.CREATED).body(new Created(channels.get(scope.tenantId(), id), secret));
    }

    @GetMapping("/notification-channels/{channelId}")
    ResponseEntity<Channel> channel(TenantScope scope, @PathVariable String channelId) {
        Channel channel = channels.get(scope.tenantId(), ChannelId.of(channelId));
        return ResponseEntity.ok().eTag(ETags.of(channel.version())).body(channel);
    }

    @PutMapping("/notification-channels/{channelId}")
    @RequiresRole(Role.ADMIN)
    ResponseEntity<Channel> change(
            TenantScope scope,
            @PathVariable String channelId,
            @RequestBody Change change,
            @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch) {
        channels.change(
                scope.tenantId(),
                ChannelId.of(channelId),
                Objects.requireNonNullElse(change.name(), ""),
                !Boolean.FALSE.equals(change.enabled()),
                ChannelForm.kinds(change.kinds()),
                ETags.version(ifMatch));
        return channel(scope, channelId);
    }

    @DeleteMapping("/notification-channels/{channelId}")
    @RequiresRole(Role.ADMIN)
    @ResponseStatus(HttpStatus.NO_CONTENT)
    void delete(TenantScope scope, @PathVariable String channelId) {
        channels.delete(scope.tenantId(), ChannelId.of(channelId));
    }

    @PostMapping("/notification-channels/{channelId}/test")
    @RequiresRole(Role.ADMIN)
    @ResponseStatus(HttpStatus.ACCEPTED)
    Sent test(TenantScope scope, @PathVariable String channelId) {
        return new Sent(channels.test(scope.tenantId(), ChannelId.of(channelId)));
    }

    @GetMapping("/notification-channels/{channelId}/deliveries")
    KeysetPage<Delivery> deliveries(
            TenantScope scope,
            @PathVariable String channelId,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(defaultValue = "50") int limit) {
        return channels.deliveries(
                scope.tenantId(), ChannelId.of(channelId), after == null ? null : DeliveryId.of(after), checked(limit));
    }

    @PostMapping("/notification-channels/{channelId}/deliveries/{deliveryId}/redeliver")
    @RequiresRole(Role.ADMIN)
    @ResponseStatus(HttpStatus.ACCEPTED)
    Sent redeliver(TenantScope scope, @PathVariable String channelId, @PathVariable String deliveryId) {
        return new Sent(channels.redeliver(scope.tenantId(), ChannelId.of(channelId), DeliveryId.of(deliveryId)));
    }

    private static int checked(int limit) {
        if (limit < 1 || limit > MOST) {
            throw InvalidInputException.field("request.limit", "limit", "The limit lies between 1 and " + MOST + ".");
        }
        return limit;
    }
}
