/* Sentences for results and drop reasons. */
#include "connection.h"
#include "reason.h"

#define EXPORT __attribute__((visibility("default")))

#define SAME(id) _Static_assert((int)FH_REASON_##id == (int)FH_DROP_##id, "ctl.h and reason.h disagree")
SAME(NONE); SAME(SHORT_FRAME); SAME(VLAN_TAGGED); SAME(ETHERTYPE); SAME(IP_HEADER); SAME(RATE_LIMITED); SAME(IP_OPTIONS);
SAME(L4_HEADER); SAME(TCP_FLAGS); SAME(BAD_ADDRESS); SAME(SPOOFED_MAC); SAME(SPOOFED_IP); SAME(SPOOFED_NEIGHBOUR);
SAME(FORGED_CONTROL); SAME(FRAGMENT_INVALID); SAME(FRAGMENT_LIMIT); SAME(CT_NO_CONNECTION); SAME(CT_TCP_STATE);
SAME(CT_TCP_WINDOW); SAME(CT_TCP_RESET); SAME(CT_FULL); SAME(ICMP_UNRELATED); SAME(LINK_DOWN); SAME(RULE); SAME(DEFAULT);
SAME(REVOKED); SAME(NAT_PORTS); SAME(NO_ROUTE); SAME(TTL); SAME(TOO_BIG); SAME(RECEIVER_FULL); SAME(GUEST_RING);

EXPORT uint32_t fh_ctl_api_version(void)
{
	return FH_CTL_API_VERSION;
}

EXPORT const char *fh_strerror(int result)
{
	switch (result) {
	case FH_OK:
		return "Done.";
	case FH_EINVAL:
		return "An argument is out of range; correct it, nothing was changed.";
	case FH_ENOMEM:
		return "Memory ran out; nothing was changed. Free some or give the dataplane more, and repeat.";
	case FH_ECONNECT:
		return "The dataplane does not answer at its control socket; start it, or correct the path.";
	case FH_ETIMEDOUT:
		return "The dataplane did not answer in time; the change may have happened. Repeating it is safe.";
	case FH_EPROTO:
		return "The dataplane speaks another version of the control protocol; upgrade the older of the two.";
	case FH_EREF:
		return "An object refers to one that does not exist, or is still referred to; put or remove both together.";
	case FH_ELIMIT:
		return "A documented limit was exceeded; nothing was changed.";
	case FH_ESTALE:
		return "The set has another generation than the change was made for; put the whole set.";
	case FH_ENOENT:
		return "There is no such object.";
	case FH_EINTERNAL:
		return "The dataplane met an unexpected failure; its log has the cause.";
	case FH_ECLOSED:
		return "The connection to the dataplane broke; open a new one and repeat.";
	case FH_ENOSPACE:
		return "The file system of the dataplane's state directory is full; nothing was changed. Free some space and repeat.";
	default:
		return "Unknown result.";
	}
}

EXPORT const char *fh_drop_reason_name(uint32_t reason)
{
	return fh_reason_name(reason);
}

EXPORT const char *fh_drop_reason_text(uint32_t reason)
{
	return fh_reason_text(reason);
}

EXPORT const char *fh_ctl_connection_state_name(uint32_t state)
{
	/* The order of enum fh_ct_state. */
	static const char *const names[] = { "free", "syn-sent", "syn-received", "established", "fin-wait", "close-wait", "last-ack",
					     "time-wait", "closed", "syn-sent-2", "unreplied", "replied" };
	return state < sizeof names / sizeof names[0] ? names[state] : NULL;
}
