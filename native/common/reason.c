#include "reason.h"

#include <stddef.h>

static const struct {
	const char *name, *text;
} reasons[FH_DROP_REASON_COUNT] = {
#define FH_REASON_ROW(n, id, name, text) [n] = { name, text },
	FH_DROP_REASONS(FH_REASON_ROW)
#undef FH_REASON_ROW
};

_Static_assert(FH_DROP_REASON_COUNT <= 32, "fh_port_status.drops has 32 places");

const char *fh_reason_name(uint32_t reason)
{
	return reason < FH_DROP_REASON_COUNT ? reasons[reason].name : NULL;
}

const char *fh_reason_text(uint32_t reason)
{
	return reason < FH_DROP_REASON_COUNT ? reasons[reason].text : NULL;
}
