"""Backups, prunes, collections and restores side by side, each killed at any moment; a model says what has to be there.

The model is what a portal does: which points are kept, which commands are open and what they have pinned, all under one lock. After every
round, and at the end, each kept point restores byte for byte and verifies; at the very end, with everything pruned, nothing is
left. FH_SOAK_SECONDS and FH_SEED say how long and which way; a slow machine goes on until enough has happened.
"""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
import unittest
import uuid

from harness import CHUNK, Server, StoreTest, make_image, same

SECONDS = int(os.environ.get("FH_SOAK_SECONDS", "8"))
SEED = int(os.environ.get("FH_SEED", str(random.randrange(1 << 30))))
VOLUMES = 3
# A run in which less happened says little. Killed ones count beside these.
ENOUGH = {"backups": 6, "collections": 1, "restores": 1}
PATIENCE = 180


class Point:
    def __init__(self, volume, root, copy):
        self.volume, self.root, self.copy = volume, root, copy


class Command:
    def __init__(self, pinned):
        self.id, self.pinned = str(uuid.uuid4()), pinned


class SoakTest(StoreTest):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED} (repeat with FH_SEED), {SECONDS} s", file=sys.stderr)
        self.lock = threading.Lock()
        self.points, self.open, self.problems = [], [], []
        self.counts = dict.fromkeys(["backups", "killed backups", "repeated", "collections", "killed collections", "restores", "pruned"], 0)
        self.end = time.monotonic() + SECONDS
        self.latest = self.end + PATIENCE

    def goes_on(self):
        now = time.monotonic()
        return not self.problems and (now < self.end or now < self.latest and self.missing())

    def missing(self):
        """What there was too little of."""
        with self.lock:
            return {what: self.counts[what] for what, least in ENOUGH.items() if self.counts[what] < least}

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def maybe_kill(self, rng, run, within):
        """Kills a run at some moment, half of the time. Return: whether it ended by itself, and its outcome."""
        if rng.random() < 0.5:
            time.sleep(rng.random() * within)
            run.kill()
        outcome = run.wait()
        return outcome.status == 0, outcome

    def expected(self, outcome):
        """A run that nobody killed has to succeed."""
        if outcome.status not in (0, -9):
            self.problems.append(repr(outcome))

    # --- what a portal would do

    def open_command(self, rng, volume):
        with self.lock:
            mine = [p for p in self.points if p.volume == volume]
            base = mine[-1].root if mine and rng.random() < 0.8 else None
            pinned = [p.root for p in self.points if rng.random() < 0.7]
            command = Command(pinned + ([base] if base else []))
            self.open.append(command)
        return command, base, pinned

    def close_command(self, command, point=None):
        with self.lock:
            self.open.remove(command)
            if point:
                self.points.append(point)

    def backups(self, volume):
        rng = random.Random(f"{SEED} {volume}")
        image = make_image(self.path(f"image{volume}"), (4 + 6 * volume) * 1048576 + volume * 512, SEED + volume)
        n = 0
        while self.goes_on():
            with open(image, "r+b") as f:
                for _ in range(rng.randrange(20)):
                    f.seek(rng.randrange(os.path.getsize(image) // CHUNK) * CHUNK)
                    f.write(rng.choice([rng.randbytes(CHUNK), bytes(CHUNK), b"same" * (CHUNK // 4)]))
            command, base, pinned = self.open_command(rng, volume)
            with Server(self.folder, image) as server:
                job = {"command": command.id, "point": str(uuid.uuid4()), "pinned": pinned,
                       "volumes": [self.volume_job(server.uri, base, size=os.path.getsize(image))]}
                done, outcome = self.maybe_kill(rng, self.start("backup", **job), 0.4)
                if not done and rng.random() < 0.5:
                    # The same command again, as after the agent's crash.
                    self.expected(outcome)
                    self.count("repeated")
                    outcome = self.start("backup", **job).wait()
                    done = outcome.status == 0
            self.expected(outcome)
            point = None
            if done:
                n += 1
                copy = self.path(f"copy{volume}.{n}")
                subprocess.run(["cp", "--sparse=always", image, copy], check=True)
                point = Point(volume, outcome.result["volumes"][0]["root"], copy)
            self.count("backups" if done else "killed backups")
            self.close_command(command, point)

    def prune(self, rng, most):
        with self.lock:
            while len(self.points) > most:
                gone = self.points.pop(rng.randrange(len(self.points)))
                self.counts["pruned"] += 1
                os.unlink(gone.copy)

    def collect_once(self, rng, kill):
        writers = self.succeed("writers")["writers"]
        time.sleep(rng.random() * 0.2)
        with self.lock:
            live = [p.root for p in self.points] + [root for c in self.open for root in c.pinned]
            still_open = [c.id for c in self.open]
        time.sleep(rng.random() * 0.2)
        run = self.start("collect", writers=writers, liveRoots=live, openWriters=still_open)
        done, outcome = self.maybe_kill(rng, run, 0.1) if kill else (True, run.wait())
        self.expected(outcome)
        self.count("collections" if done and outcome.status == 0 else "killed collections")
        return outcome

    def collections(self):
        rng = random.Random(f"{SEED} collect")
        while self.goes_on():
            self.prune(rng, 6)
            self.collect_once(rng, True)

    def restores(self):
        rng = random.Random(f"{SEED} restore")
        while self.goes_on():
            with self.lock:
                point = rng.choice(self.points) if self.points else None
                command = Command([point.root] if point else [])
                copy = self.path(f"copy-{command.id}")
                if point:
                    os.link(point.copy, copy)
                self.open.append(command)
            if point:
                self.check(point.root, copy)
                os.unlink(copy)
                self.count("restores")
            self.close_command(command)
            time.sleep(0.05)

    def check(self, root, copy):
        target = self.path(f"target-{uuid.uuid4().hex[:8]}")
        outcome = self.run_job("restore", volumes=[{"root": root, "target": target}])
        if outcome.status or not same(target, copy):
            self.problems.append(f"a kept point does not restore: {outcome}")
        if os.path.exists(target):
            os.unlink(target)

    def guarded(self, run, *args):
        try:
            run(*args)
        except Exception as problem:  # in a thread of its own it would be lost
            self.problems.append(repr(problem))

    def test_everything_at_once(self):
        runs = [(self.backups, v) for v in range(VOLUMES)] + [(self.collections,), (self.restores,)]
        threads = [threading.Thread(target=self.guarded, args=run) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(self.counts, file=sys.stderr)
        self.assertEqual(self.problems, [])
        self.assertEqual(self.missing(), {})
        self.assertEqual(self.open, [])
        for point in self.points:
            self.check(point.root, point.copy)
        roots = [p.root for p in self.points]
        if roots:
            self.assertEqual(self.succeed("verify", roots=roots)["damages"], [])
        rng = random.Random(SEED)
        self.collect_once(rng, False)
        if roots:
            self.assertEqual(self.succeed("verify", roots=roots)["damages"], [])
            listed = {v["root"] for p in self.succeed("info")["points"] for v in p["volumes"]}
            self.assertLessEqual(set(roots), listed, "a kept point has no manifest")
        for point in self.points:
            self.check(point.root, point.copy)
        self.assertEqual(self.problems, [])
        self.points = []
        self.collect_once(rng, False)
        self.assertEqual(self.packs(), [])
        self.assertEqual(self.succeed("info")["points"], [])


if __name__ == "__main__":
    unittest.main()
