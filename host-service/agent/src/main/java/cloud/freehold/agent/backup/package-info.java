/**
 * Recovery points: taken of running and stopped VMs, read by the store's own program, brought back, verified, looked into and tried out.
 *
 * <p>Theory of operation: QEMU makes the point in time (a {@linkplain cloud.freehold.agent.backup.PullJob pull job}: it keeps what the guest
 * overwrites from then on in a scratch file, and shows the disks as they were over NBD) and remembers in dirty bitmaps what changes after it. The
 * program {@code freehold-store} reads that and writes the store; it is a {@linkplain cloud.freehold.agent.backup.StoreProcess process a job}, so that a
 * store which hangs, fills up or lies is the end of that job alone. Everything that an order makes in QEMU and on the disk is named after us and swept away
 * before the next order of the VM begins, so that an agent's death leaves nothing behind but work to be repeated.
 */
package cloud.freehold.agent.backup;
