/**
 * The proof: a browser, the running whole and its guests; nothing is faked. Runs beside a throwaway instance that
 * {@code ./freehold test} starts (or {@code ./freehold rig}), which describes itself in {@code FREEHOLD_*} variables.
 */
@NullMarked
package cloud.freehold.e2e;

import org.jspecify.annotations.NullMarked;
