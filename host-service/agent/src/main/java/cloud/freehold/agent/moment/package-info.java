/**
 * One moment of running VMs: how consistent it is, how that is known, and that whatever was held for it goes on, whoever dies.
 *
 * <p>Theory of operation: somebody has prepared a transaction that QEMU carries out in a few milliseconds (a backup's point, a snapshot).
 * {@link cloud.freehold.agent.moment.Moments} brings about the level of consistency that is wanted, lets the transaction happen, and
 * reads QEMU's counters on both sides of it.
 * <ul>
 * <li>FILESYSTEM: guest agents freeze, transaction, thaw. A watchdog thaws at the limit; then the moment does not count as frozen.
 * <li>BARRIER: the counters are polled until every disk is {@linkplain cloud.freehold.agent.moment.FlushWatch aligned}; the CPUs are stopped,
 * which lets QEMU finish and flush what is in flight; when no write came in between, the transaction, and the CPUs go on. Else
 * again.
 * <li>CRASH: the transaction. Of several VMs: with their CPUs stopped, so that it is one moment.
 * </ul>
 * Guests are written down before they are held ({@link cloud.freehold.agent.moment.HeldGuests}); an agent that starts lets go of those that it finds.
 */
package cloud.freehold.agent.moment;
