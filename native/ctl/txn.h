/* Sending transactions; private to the library. */
#ifndef FH_CTL_TXN_H
#define FH_CTL_TXN_H

#include "wire.h"

/* @param cuts  for FH_WIRE_PREVIEW; NULL: the answer has no number in front of the result */
int fh_txn_send(fh_ctl *ctl, const fh_txn *txn, uint16_t type, uint32_t timeout_ms, uint64_t *cuts, struct fh_commit_result *out);

#endif
