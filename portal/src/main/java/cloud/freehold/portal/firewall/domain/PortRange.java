package cloud.freehold.portal.firewall.domain;

/** Destination ports, both ends included. */
public record PortRange(int min, int max) {

    public static final int HIGHEST = 65535;

    public PortRange {
        if (min < 0 || max > HIGHEST || min > max) {
            throw new IllegalArgumentException("Ports " + min + "-" + max);
        }
    }

    public static PortRange of(int port) {
        return new PortRange(port, port);
    }

    /** {@code 443} or {@code 8000-8080}. */
    public static PortRange parse(String text) {
        String range = text.strip().replaceAll("\\s*[-–:]\\s*", "-");
        if (!range.matches("[0-9]{1,9}(-[0-9]{1,9})?")) {
            throw new UnreadableException(
                    "“" + text.strip() + "” is not a port. Write one port like 443 or a range like 8000-8080.");
        }
        String[] ends = range.split("-");
        int min = Integer.parseInt(ends[0]);
        int max = Integer.parseInt(ends[ends.length - 1]);
        if (min > HIGHEST || max > HIGHEST) {
            throw new UnreadableException(
                    "There is no port " + Math.max(min, max) + ": ports lie between 0 and " + HIGHEST + ".");
        }
        if (min > max) {
            throw new UnreadableException("The range " + range + " ends before it begins.", max + "-" + min);
        }
        return new PortRange(min, max);
    }

    public boolean contains(int port) {
        return min <= port && port <= max;
    }

    @Override
    public String toString() {
        return min == max ? String.valueOf(min) : min + "-" + max;
    }
}
