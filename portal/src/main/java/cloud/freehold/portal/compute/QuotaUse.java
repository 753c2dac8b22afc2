package cloud.freehold.portal.compute;

/** @param unit shown behind the numbers; may be empty */
public record QuotaUse(String resource, String label, long used, long limit, String unit) {

    public int percent() {
        return limit == 0 ? 100 : (int) Math.min(100, used * 100 / limit);
    }
}
