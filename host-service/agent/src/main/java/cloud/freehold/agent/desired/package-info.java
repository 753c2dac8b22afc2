/** What should be: deltas merged into whole states, kept on disk. */
package cloud.freehold.agent.desired;
