/** Image files and volumes on this host's file system. */
package cloud.freehold.agent.storage;
