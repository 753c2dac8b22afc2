package cloud.freehold.agent.dataplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which cores share their last cache: between those, a packet goes from a vCPU to a worker without a trip through memory.
 *
 * @param groups cores of each group, ascending; every core is in one
 */
record CacheGroups(List<SortedSet<Integer>> groups) {

    /** As the kernel tells under {@code /sys/devices/system/cpu}; a machine that tells nothing is one group. */
    static CacheGroups read(Path cpus) throws IOException {
        var byList = new TreeMap<String, SortedSet<Integer>>();
        try (var directories = Files.newDirectoryStream(cpus, "cpu[0-9]*")) {
            for (var directory : directories) {
                int core = Integer.parseInt(directory.getFileName().toString().substring(3));
                byList.computeIfAbsent(lastCache(directory), list -> new TreeSet<>())
                        .add(core);
            }
        }
        var groups = new ArrayList<>(byList.values());
        groups.sort(Comparator.comparing(SortedSet::first));
        return new CacheGroups(List.copyOf(groups));
    }

    /** The list of cores that share the highest level; offline cores and small machines have none. */
    private static String lastCache(Path directory) throws IOException {
        var cache = directory.resolve("cache");
        String found = "";
        int highest = 0;
        for (int i = 0; Files.exists(cache.resolve("index" + i)); i++) {
            var index = cache.resolve("index" + i);
            int level =
                    Integer.parseInt(Files.readString(index.resolve("level")).strip());
            if (level > highest) {
                highest = level;
                found = Files.readString(index.resolve("shared_cpu_list")).strip();
            }
        }
        return found;
    }

    int cores() {
        return groups.stream().mapToInt(SortedSet::size).sum();
    }

    /** @return the number of the group, -1 for a core that is not there */
    int groupOf(int core) {
        for (int i = 0; i < groups.size(); i++) {
            if (groups.get(i).contains(core)) {
                return i;
            }
        }
        return -1;
    }

    /** The core of a group with the least load; among equals the highest, since low cores have most interrupts. */
    int quietest(int group, Map<Integer, Integer> load) {
        return groups.get(group).stream()
                .min(Comparator.<Integer>comparingInt(core -> load.getOrDefault(core, 0))
                        .thenComparing(Comparator.reverseOrder()))
                .orElseThrow();
    }
}
