package cloud.freehold.portal.firewall.domain;

/**
 * How many live connections a change would cut.
 *
 * @param connections on the hosts that answered
 * @param hosts how many have NICs that the change is for
 * @param answered how many of them could tell
 * @param trouble why one could not; empty when all could
 */
public record LiveCuts(long connections, int hosts, int answered, String trouble) {

    public static final LiveCuts NONE = new LiveCuts(0, 0, 0, "");

    public boolean isComplete() {
        return hosts == answered;
    }

    public boolean cuts() {
        return connections > 0;
    }

    /** For the bar at the foot of the page. A number that is not known is not made up. */
    public String words() {
        if (answered == 0 && hosts > 0) {
            return "live connections not known";
        }
        String count = connections == 1 ? "1 live connection" : connections + " live connections";
        if (!isComplete()) {
            return "cuts at least " + count;
        }
        return connections == 0 ? "cuts no live connection" : "cuts " + count;
    }

    /** Empty when the number says it all. */
    public String explanation() {
        if (isComplete()) {
            return "";
        }
        return hosts == 1 ? trouble : (hosts - answered) + " of " + hosts + " hosts could not tell. " + trouble;
    }
}
