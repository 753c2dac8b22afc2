package cloud.freehold.portal.network.web;

import java.util.List;

/** A list for programs. */
record Items<T>(List<T> items) {}
