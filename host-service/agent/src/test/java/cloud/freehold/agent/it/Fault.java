package cloud.freehold.agent.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Something that dies in the middle of an order about points. */
record Fault(Work work, Victim victim) {

    /** What goes on meanwhile, and what takes part in it. */
    enum Work {
        BACKUP(Victim.AGENT, Victim.LIBVIRTD, Victim.STORE_PROGRAM, Victim.QEMU),
        COLLECTION(Victim.AGENT, Victim.STORE_PROGRAM),
        COLLECTION_BESIDE_A_BACKUP(Victim.AGENT, Victim.STORE_PROGRAM, Victim.QEMU),
        RESTORE(Victim.AGENT, Victim.LIBVIRTD, Victim.STORE_PROGRAM),
        LIVE_RESTORE(Victim.AGENT, Victim.LIBVIRTD, Victim.POINT_SERVER, Victim.QEMU),
        LOOK_INTO_A_POINT(Victim.AGENT, Victim.POINT_SERVER, Victim.HELPER_GUEST),
        MOVE(Victim.AGENT, Victim.LIBVIRTD, Victim.QEMU);

        private final Set<Victim> victims;

        Work(Victim... victims) {
            this.victims = Set.of(victims);
        }

        boolean collects() {
            return this == COLLECTION || this == COLLECTION_BESIDE_A_BACKUP;
        }
    }

    enum Victim {
        AGENT,
        LIBVIRTD,
        /** freehold-store. */
        STORE_PROGRAM,
        /** nbdkit with the store's plugin. */
        POINT_SERVER,
        /** The throwaway guest that reads a point's file systems. */
        HELPER_GUEST,
        /** The VM's. */
        QEMU
    }

    static List<Fault> all() {
        var all = new ArrayList<Fault>();
        for (var work : Work.values()) {
            for (var victim : Victim.values()) {
                if (work.victims.contains(victim)) {
                    all.add(new Fault(work, victim));
                }
            }
        }
        return all;
    }
}
