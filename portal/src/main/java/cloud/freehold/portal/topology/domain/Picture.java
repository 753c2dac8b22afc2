package cloud.freehold.portal.topology.domain;

import cloud.freehold.portal.network.Router;
import java.util.List;

/** A scene with places, in the units of an SVG's view box. */
public record Picture(int width, int height, List<RouterBox> routers, List<Lane> lanes, List<Line> lines) {

    public record Box(int x, int y, int width, int height) {

        public int right() {
            return x + width;
        }

        public int bottom() {
            return y + height;
        }

        public boolean overlaps(Box other) {
            return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
        }
    }

    public record RouterBox(Box box, Router router) {}

    /**
     * A network with the VMs in it.
     *
     * @param more how many VMs have no row
     */
    public record Lane(Box box, Scene.Segment segment, List<Row> rows, int more) {}

    public record Row(Box box, Scene.Member member) {}

    /** @param path for an SVG {@code path}'s {@code d} */
    public record Line(String path) {}
}
