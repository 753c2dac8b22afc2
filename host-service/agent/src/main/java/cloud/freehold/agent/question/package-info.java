/** What people ask this host right now: taken up, answered, forgotten. */
package cloud.freehold.agent.question;
