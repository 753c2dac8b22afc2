/** What is, as the portal is told: collected from all parts, sent as deltas and in full. */
package cloud.freehold.agent.report;
