"""What a power failure right behind the result would leave: a point that was reported restores from that alone.

power.so notes what the program makes, writes and syncs. A file survives when it was synced after its last write, and each
folder on the way to it after the entry in it was made.
"""

import os
import shutil
import subprocess
import unittest
import uuid

from harness import Server, StoreTest, make_image, same

MIB = 1 << 20
SHIM = os.environ.get("FREEHOLD_POWER_SHIM", "")


def survivors(log, top):
    """The files below top that are certain to be there, whole."""
    synced_data, synced_entries, made = {}, {top}, {top: set()}
    for line in log:
        what, path = line.rstrip("\n").split(" ", 1)
        if not path.startswith(top):
            continue
        if what == "make":
            made.setdefault(os.path.dirname(path), set()).add(path)
            synced_entries.discard(path)
        elif what == "write":
            synced_data[path] = False
        elif what == "sync":
            synced_data[path] = True
            synced_entries |= made.get(path, set())
    def reachable(path):
        return path == top or (path in synced_entries and reachable(os.path.dirname(path)))
    return [path for path, whole in synced_data.items() if whole and os.path.isfile(path) and reachable(path)]


@unittest.skipUnless(SHIM, "the sanitizers do not go with it")
class PowerTest(StoreTest):
    def back_up_noting(self, image, **more):
        log = self.path(f"log-{uuid.uuid4().hex[:6]}")
        with Server(self.folder, image) as server:
            volumes = [self.volume_job(server.uri, size=os.path.getsize(image))]
            os.environ["LD_PRELOAD"], os.environ["FH_POWER_LOG"] = SHIM, log
            try:
                run = self.start("backup", point=str(uuid.uuid4()), volumes=volumes, **more)
            finally:
                del os.environ["LD_PRELOAD"]
            outcome = run.wait()
        self.assertEqual(outcome.status, 0, outcome)
        with open(log) as f:
            return outcome.result["volumes"][0]["root"], f.readlines()

    def test_reported_point_survives(self):
        image = make_image(self.path("image"), 90 * MIB, 9, filled=1, compressible=0.2)
        root, log = self.back_up_noting(image)
        kept = survivors(log, self.store)
        everything = [os.path.join(f, n) for f, _, names in os.walk(self.store) for n in names]
        self.assertGreater(len(kept), 4)
        self.assertEqual(sorted(kept), sorted(everything))
        other = self.path("after")
        for path in kept:
            target = os.path.join(other, os.path.relpath(path, self.store))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(path, target)
        self.store = other
        self.check_restores(root, image)

    def test_manifest_is_made_when_all_packs_are_durable(self):
        image = make_image(self.path("image"), 50 * MIB, 9, filled=1, compressible=0.2)
        root, log = self.back_up_noting(image)
        first = next(i for i, line in enumerate(log) if line.startswith("make") and "/points/" in line)
        before = survivors(log[:first], self.store)
        self.assertEqual(sorted(before), self.packs())
        self.assertTrue(root)

    def test_the_test_sees_what_is_not_synced(self):
        top = self.store
        lines = [f"make {top}/a\n", f"write {top}/a\n", f"sync {top}\n", f"make {top}/b\n", f"write {top}/b\n", f"sync {top}/b\n"]
        for name in "ab":
            open(os.path.join(top, name), "w").close()
        self.assertEqual(survivors(lines, top), [])
        self.assertEqual(survivors(lines + [f"sync {top}\n"], top), [f"{top}/b"])


if __name__ == "__main__":
    unittest.main()
