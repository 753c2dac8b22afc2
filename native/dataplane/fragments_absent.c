/* Until conntrack has virtual reassembly, fragments are dropped. */
#include "conntrack.h"

struct fh_frag *fh_frag_new(void)
{
	static char one;
	return (struct fh_frag *)(void *)&one;
}

void fh_frag_free(struct fh_frag *f, void (*drop)(void *arg, void *cookie), void *arg)
{
	(void)f;
	(void)drop;
	(void)arg;
}

enum fh_frag_step fh_frag_input(struct fh_frag *f, struct fh_pkt *pkt, uint64_t now_ns, void *cookie, uint8_t *reason)
{
	(void)f;
	(void)pkt;
	(void)now_ns;
	(void)cookie;
	*reason = FH_DROP_FRAGMENT_LIMIT;
	return FH_FRAG_DROP;
}

void fh_frag_decide(struct fh_frag *f, const struct fh_pkt *pkt, uint64_t now_ns, const struct fh_ct_verdict *verdict)
{
	(void)f;
	(void)pkt;
	(void)now_ns;
	(void)verdict;
}

void *fh_frag_next_held(struct fh_frag *f, uint64_t now_ns, uint8_t *reason)
{
	(void)f;
	(void)now_ns;
	(void)reason;
	return NULL;
}
