package cloud.freehold.portal.topology.domain;

import cloud.freehold.portal.topology.domain.Picture.Box;
import cloud.freehold.portal.topology.domain.Picture.Lane;
import cloud.freehold.portal.topology.domain.Picture.Line;
import cloud.freehold.portal.topology.domain.Picture.RouterBox;
import cloud.freehold.portal.topology.domain.Picture.Row;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a scene its places. Each router stands at the left with its networks beside it, three abreast; a trunk leads from
 * the router down the gap and along the top of each row, and every network hangs from it. Networks without a router come
 * last, without a trunk.
 */
public final class PictureLayout {

    static final int WIDTH = 1120;
    static final int ABREAST = 3;
    /** A network shows so many VMs; its own page shows all. */
    static final int ROWS = 8;

    private static final int MARGIN = 2;
    private static final int ROUTER_WIDTH = 190;
    private static final int ROUTER_HEIGHT = 64;
    private static final int LANES_LEFT = 254;
    private static final int GAP = 20;
    private static final int LANE_WIDTH = (WIDTH - MARGIN - LANES_LEFT - (ABREAST - 1) * GAP) / ABREAST;
    private static final int LANE_HEAD = 58;
    private static final int ROW_HEIGHT = 42;
    private static final int LANE_FOOT = 10;
    private static final int MORE_HEIGHT = 28;
    /** From the trunk's branch down to the lanes. */
    private static final int DROP = 20;

    private static final int BETWEEN_GROUPS = 28;

    private final List<RouterBox> routers = new ArrayList<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final List<Line> lines = new ArrayList<>();
    private int y = MARGIN;

    private PictureLayout() {}

    public static Picture of(Scene scene) {
        PictureLayout layout = new PictureLayout();
        scene.groups().forEach(layout::group);
        return new Picture(
                WIDTH,
                Math.max(layout.y - BETWEEN_GROUPS, 0) + MARGIN,
                List.copyOf(layout.routers),
                List.copyOf(layout.lanes),
                List.copyOf(layout.lines));
    }

    private void group(Scene.Group group) {
        int top = y;
        if (group.router() != null) {
            routers.add(new RouterBox(new Box(MARGIN, top, ROUTER_WIDTH, ROUTER_HEIGHT), group.router()));
        }
        for (int first = 0; first < group.segments().size(); first += ABREAST) {
            List<Scene.Segment> abreast = group.segments()
                    .subList(first, Math.min(first + ABREAST, group.segments().size()));
            row(abreast, group.router() != null, top + ROUTER_HEIGHT / 2);
        }
        y = Math.max(y, group.router() == null ? top : top + ROUTER_HEIGHT + GAP) - GAP + BETWEEN_GROUPS;
    }

    /** @param trunk where it leaves the router */
    private void row(List<Scene.Segment> abreast, boolean joined, int trunk) {
        int branch = y;
        int top = y + (joined ? DROP : 0);
        int height = 0;
        for (int i = 0; i < abreast.size(); i++) {
            int x = LANES_LEFT + i * (LANE_WIDTH + GAP);
            Lane lane = lane(x, top, abreast.get(i));
            lanes.add(lane);
            height = Math.max(height, lane.box().height());
            if (joined) {
                lines.add(new Line("M" + (x + LANE_WIDTH / 2) + " " + branch + "V" + top));
            }
        }
        if (joined) {
            int gap = MARGIN + ROUTER_WIDTH + (LANES_LEFT - MARGIN - ROUTER_WIDTH) / 2;
            int end = LANES_LEFT + (abreast.size() - 1) * (LANE_WIDTH + GAP) + LANE_WIDTH / 2;
            lines.add(new Line("M" + (MARGIN + ROUTER_WIDTH) + " " + trunk + "H" + gap + "V" + branch + "H" + end));
        }
        y = top + height + GAP;
    }

    private static Lane lane(int x, int top, Scene.Segment segment) {
        List<Scene.Member> members = segment.members();
        int shown = members.size() <= ROWS ? members.size() : ROWS - 1;
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < shown; i++) {
            Box box = new Box(x + 8, top + LANE_HEAD + i * ROW_HEIGHT, LANE_WIDTH - 16, ROW_HEIGHT - 6);
            rows.add(new Row(box, members.get(i)));
        }
        int more = members.size() - shown;
        int inside = shown * ROW_HEIGHT + (more > 0 || members.isEmpty() ? MORE_HEIGHT : 0);
        return new Lane(new Box(x, top, LANE_WIDTH, LANE_HEAD + inside + LANE_FOOT), segment, rows, more);
    }
}
