package cloud.freehold.portal.backup;

import cloud.freehold.api.command.CommandResult.FilesListed.Entry;
import java.time.Instant;
import java.util.List;

/**
 * What a folder of a point holds. Names come out of a guest: they are shown as text and trusted in nothing.
 *
 * @param truncated it holds more than the entries given
 */
public record Folder(List<Entry> entries, boolean truncated, Instant readAt) {}
