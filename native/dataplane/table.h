/* Private to the model: changing tables of objects. table_find() is in model.h. */
#ifndef FH_DP_TABLE_H
#define FH_DP_TABLE_H

#include "model.h"

/* Makes room, so that that many table_put() cannot fail. */
bool table_reserve(struct table *t, uint32_t more);
void table_put(struct table *t, struct object *o);
/* Puts o in old's place. */
void table_replace(struct table *t, struct object *old, struct object *o);
void table_remove(struct table *t, struct object *o);

#endif
