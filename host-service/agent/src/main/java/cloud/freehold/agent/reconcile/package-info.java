/** From what should be to what is: one serial reconciler a VM, and the orders about power. */
package cloud.freehold.agent.reconcile;
