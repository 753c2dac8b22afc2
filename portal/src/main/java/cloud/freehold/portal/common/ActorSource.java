package cloud.freehold.portal.common;

/** Tells who acts on the current thread: the signed-in person, the connected host, or else the portal itself. */
@FunctionalInterface
public interface ActorSource {

    Actor current();
}
