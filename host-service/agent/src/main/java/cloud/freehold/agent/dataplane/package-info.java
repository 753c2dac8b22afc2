/**
 * The dataplane: the only package that knows the control library. Desired objects become one atomic transaction a
 * change; counters and port states come back.
 */
package cloud.freehold.agent.dataplane;
