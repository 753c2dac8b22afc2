/**
 * VMs by libvirt: the only package that knows it. One JNA binding of our own, because libvirt-java lacks the guest
 * agent's time-out and what backups need, and frees native objects in finalizers.
 */
package cloud.freehold.agent.libvirt;
