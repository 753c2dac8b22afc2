package cloud.freehold.api.query;

import cloud.freehold.api.Problem;

/** @param finding null with a problem, which says why there is none */
public record Answer(Finding finding, Problem problem) {

    public static Answer of(Finding finding) {
        return new Answer(finding, null);
    }

    public static Answer failed(Problem problem) {
        return new Answer(null, problem);
    }
}
