package cloud.freehold.portal.members.domain;

import cloud.freehold.portal.common.UserId;
import cloud.freehold.portal.tenancy.Role;

/** @param pending has not set a password yet */
public record Member(UserId id, String email, String displayName, Role role, boolean pending) {}
