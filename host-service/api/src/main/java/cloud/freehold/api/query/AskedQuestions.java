package cloud.freehold.api.query;

import java.util.List;

/** Questions that the host has not been given before. */
public record AskedQuestions(List<AskedQuestion> questions) {}
