/**
 * One-off orders of the portal: carried out once each, several side by side, reported on while they run, ended when they are cancelled or
 * late. What an order means is a {@linkplain cloud.freehold.agent.command.CommandHandler handler's} business, one class a kind of order, in
 * the package that the order is about.
 */
package cloud.freehold.agent.command;
