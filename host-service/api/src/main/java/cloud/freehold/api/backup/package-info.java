/**
 * What portal and host say to each other about recovery points, their store and snapshots.
 *
 * <p>A recovery point is an index a volume in a content-addressed {@linkplain cloud.freehold.api.backup.StoreRef store}; the
 * portal keeps the {@linkplain cloud.freehold.api.backup.VolumeRoot roots}, the host reads and writes chunks. Secrets and long lists are no part
 * of a command: the host asks for them when it carries the command out and never writes them down.
 */
package cloud.freehold.api.backup;
