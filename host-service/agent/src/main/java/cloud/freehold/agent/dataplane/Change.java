package cloud.freehold.agent.dataplane;

import cloud.freehold.agent.desired.Desired.AddressSet;
import cloud.freehold.api.ObjectKind;
import cloud.freehold.api.ObjectRef;
import cloud.freehold.api.desired.DesiredAddressSet.SetRef;
import cloud.freehold.api.desired.DesiredNetwork;
import cloud.freehold.api.desired.DesiredNic;
import cloud.freehold.api.desired.DesiredRemoteNic;
import cloud.freehold.api.desired.DesiredRouter;
import cloud.freehold.api.desired.DesiredSecurityGroup;
import cloud.freehold.api.desired.DesiredUplink;
import java.nio.file.Path;
import java.util.Set;

/** One step of a transaction. */
sealed interface Change {
    ObjectRef object();

    /** Of the object afterwards. */
    long revision();

    record PutNetwork(DesiredNetwork network) implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(ObjectKind.NETWORK, network.id());
        }

        @Override
        public long revision() {
            return network.revision();
        }
    }

    record PutRouter(DesiredRouter router) implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(ObjectKind.ROUTER, router.id());
        }

        @Override
        public long revision() {
            return router.revision();
        }
    }

    record PutSet(AddressSet set) implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(set.ref().kind(), set.ref().id());
        }

        @Override
        public long revision() {
            return set.revision();
        }
    }

    /** Cheaper than the whole set; refused when the dataplane's set is not at {@code base}. */
    record ChangeMembers(SetRef ref, long base, long revision, Set<String> added, Set<String> removed)
            implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(ref.kind(), ref.id());
        }
    }

    record PutGroup(DesiredSecurityGroup group) implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(ObjectKind.SECURITY_GROUP, group.id());
        }

        @Override
        public long revision() {
            return group.revision();
        }
    }

    /** @param hostName what DHCP tells the guest it is called */
    record PutNic(DesiredNic nic, String hostName, Path socket) implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(ObjectKind.NIC, nic.id());
        }

        @Override
        public long revision() {
            return nic.revision();
        }
    }

    record PutUplink(DesiredUplink uplink) implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(ObjectKind.UPLINK, uplink.id());
        }

        @Override
        public long revision() {
            return uplink.revision();
        }
    }

    record PutRemoteNic(DesiredRemoteNic nic) implements Change {
        @Override
        public ObjectRef object() {
            return new ObjectRef(ObjectKind.REMOTE_NIC, nic.id());
        }

        @Override
        public long revision() {
            return nic.revision();
        }
    }

    record Remove(ObjectRef object, long revision) implements Change {}
}
