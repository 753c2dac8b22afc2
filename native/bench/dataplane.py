#!/usr/bin/env python3
"""`./freehold bench dataplane`: our dataplane and OVS-DPDK under the same load, one worker on one core.

usage: dataplane.py BUILD_DIR OUT.json [SECONDS]

Writes a list of {what, ours, peer, unit, expected, ok, note} with the machine beside it, and prints it as a table. OVS runs
from a temporary directory with a database of its own; without Debian's openvswitch-switch-dpdk the peer's column is empty.
"""
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

OVS = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"


class Ovs:
    """OVS-DPDK with two vhost-user client ports, one PMD on core 0."""

    def __init__(self, conntrack):
        self.dir = tempfile.mkdtemp(prefix="freehold-ovs-", dir="/dev/shm")
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir, OVS_LOGDIR=self.dir)
        self.processes = []
        try:
            self.start(conntrack)
        except BaseException:
            self.stop()
            raise

    def call(self, *args):
        return subprocess.run(args, env=self.env, check=True, capture_output=True, text=True, timeout=30).stdout

    def start(self, conntrack):
        db, sock = f"{self.dir}/conf.db", f"unix:{self.dir}/db.sock"
        self.call("ovsdb-tool", "create", db, "/usr/share/openvswitch/vswitch.ovsschema")
        self.spawn("ovsdb-server", db, f"--remote=p{sock}", f"--unixctl={self.dir}/db.ctl")
        self.vsctl = ("ovs-vsctl", f"--db={sock}", "--timeout=20")
        self.wait(f"{self.dir}/db.sock")
        self.call(*self.vsctl, "--no-wait", "init")
        self.call(*self.vsctl, "--no-wait", "set", "Open_vSwitch", ".", "other_config:dpdk-init=true",
                  "other_config:pmd-cpu-mask=0x1", "other_config:dpdk-lcore-mask=0x2",
                  'other_config:dpdk-extra=--no-huge --legacy-mem --no-shconf --no-pci --no-telemetry -m 3072')
        self.spawn(OVS, sock, f"--unixctl={self.dir}/vs.ctl", f"--log-file={self.dir}/vs.log")
        self.wait(f"{self.dir}/vs.ctl")
        self.call(*self.vsctl, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        for n in (5, 6):
            self.call(*self.vsctl, "add-port", "br0", f"p{n}", "--", "set", "interface", f"p{n}", "type=dpdkvhostuserclient",
                      f"options:vhost-server-path={self.dir}/port{n}", f"ofport_request={n}")
        flows = ["in_port=5,actions=6", "in_port=6,actions=5"]
        if conntrack:
            flows = ["table=0,ip,ct_state=-trk,actions=ct(table=1)",
                     "table=1,ip,in_port=5,ct_state=+trk+new,actions=ct(commit),6",
                     "table=1,ip,in_port=5,ct_state=+trk+est,actions=6",
                     "table=1,ip,in_port=6,ct_state=+trk+est,actions=5"]
        self.call("ovs-ofctl", "del-flows", f"unix:{self.dir}/br0.mgmt")
        for flow in flows:
            self.call("ovs-ofctl", "add-flow", f"unix:{self.dir}/br0.mgmt", flow)
        if conntrack:
            self.call("ovs-appctl", "-t", f"{self.dir}/vs.ctl", "dpctl/ct-set-maxconns", "3000000")

    def spawn(self, *args):
        self.processes.append(subprocess.Popen(args, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def wait(self, path):
        deadline = time.monotonic() + 20
        while not os.path.exists(path):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} did not appear; see {self.dir}/vs.log")
            time.sleep(0.05)

    def cycles(self):
        """Processing cycles per packet as OVS counts them since the last call."""
        text = self.call("ovs-appctl", "-t", f"{self.dir}/vs.ctl", "dpif-netdev/pmd-stats-show")
        self.call("ovs-appctl", "-t", f"{self.dir}/vs.ctl", "dpif-netdev/pmd-stats-clear")
        for line in text.splitlines():
            if "avg processing cycles per packet" in line:
                return float(line.split(":")[1].split()[0])
        return None

    def stop(self):
        for p in reversed(self.processes):
            p.terminate()
        for p in self.processes:
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


def ours(build, mode, flows, size, seconds):
    env = dict(os.environ, FREEHOLD_DATAPLANE=f"{build}/dataplane/freehold-dataplane")
    out = subprocess.run([f"{build}/bench/dataplane_bench", "ours", mode, str(flows), str(size), str(seconds)], env=env, check=True,
                         capture_output=True, text=True, timeout=120).stdout
    pps, cycles, _ = out.split()
    return float(pps), float(cycles)


def peer(build, conntrack, flows, size, seconds):
    if not os.path.exists(OVS):
        return None, None
    ovs = Ovs(conntrack)
    try:
        load = subprocess.Popen([f"{build}/bench/dataplane_bench", "peer", ovs.dir, str(flows), str(size), str(seconds)],
                                stdout=subprocess.PIPE, text=True)
        load.stdout.readline()
        time.sleep(3)
        ovs.cycles()
        out = load.communicate(timeout=120)[0].split()
        if not out:
            print("OVS-DPDK did not connect to both sockets in time: its column stays empty for this row", file=sys.stderr)
            return None, None
        return float(out[0]), ovs.cycles()
    finally:
        ovs.stop()


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    build, path = os.path.abspath(sys.argv[1]), sys.argv[2]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 3
    rows = []

    def row(what, mine, theirs, unit, expected, ok, note=""):
        rows.append(dict(what=what, ours=mine and round(mine, 2), peer=theirs and round(theirs, 2), unit=unit, expected=expected, ok=ok,
                         note=note))
        print(f"{what:46} {mine or 0:12.2f} {theirs or 0:12.2f} {unit:16} {expected:28} {'ok' if ok else 'MISSED'}  {note}", flush=True)

    print(f"{'what':46} {'ours':>12} {'OVS-DPDK':>12}")
    plain_pps, plain = ours(build, "unfiltered", 1000, 60, seconds)
    ovs_plain_pps, ovs_plain = peer(build, False, 1000, 60, seconds)
    row("unfiltered, 1k flows", plain, ovs_plain, "cycles/packet", "control", True)
    row("unfiltered, 1k flows", plain_pps / 1e6, ovs_plain_pps and ovs_plain_pps / 1e6, "Mpps", "control", True)
    cost = {}
    for flows, share in ((1000, 3), (100000, 4), (1000000, 4)):
        pps, cost[flows] = ours(build, "stateful", flows, 60, seconds)
        ovs_pps, theirs = peer(build, True, flows, 60, seconds)
        row(f"stateful, {flows // 1000}k flows", cost[flows], theirs, "cycles/packet", f"<= 1/{share} of the peer",
            theirs is not None and cost[flows] <= theirs / share)
        row(f"stateful, {flows // 1000}k flows", pps / 1e6, ovs_pps and ovs_pps / 1e6, "Mpps", "", True)
    over = (cost[1000] / plain - 1) * 100
    row("stateful over our own unfiltered, 1k flows", over, None, "%", "<= 25", over <= 25)
    _, many = ours(build, "rules", 1000, 60, seconds)
    ratio = (many / cost[1000] - 1) * 100
    row("10,000 rules against 1, established", ratio, None, "% more cycles", "within noise (10)", ratio <= 10)
    _, imix = ours(build, "stateful", 1000, 354, seconds)
    row("stateful, 1k flows, 354 B (mean of IMIX)", imix, None, "cycles/packet", "", True)
    version = subprocess.run(["ovs-vsctl", "--version"], capture_output=True, text=True).stdout.splitlines()[:1] if os.path.exists(OVS) else []
    machine = dict(cores=os.cpu_count(), kernel=platform.release(), load=os.getloadavg(), peer=version,
                   note="One worker on core 0, the load on core 1; no huge pages. A busy machine distorts: see load.")
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as f:
        json.dump(dict(machine=machine, rows=rows), f, indent=1)


if __name__ == "__main__":
    main()
