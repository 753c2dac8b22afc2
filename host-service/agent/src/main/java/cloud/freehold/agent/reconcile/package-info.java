/** From what should be to what is: one serial reconciler a VM, and the commands. */
package cloud.freehold.agent.reconcile;
