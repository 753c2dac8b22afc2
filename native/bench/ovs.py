"""OVS-DPDK as the peer of measurements: two vhost-user client ports, one PMD thread on core 0, all in a directory of its own.

Its PMD thread polls whether there is work or not, so it is stopped while others are measured.
"""
import collections
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAM = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"

# What to do, and in how many zones an established packet is looked up for it.
Program = collections.namedtuple("Program", "flows lookups")
PLAIN = Program(["in_port=5,actions=6", "in_port=6,actions=5"], 0)
# Stateful and as permissive as what ours is measured with: 5 may open connections, 6 may answer.
STATEFUL = Program([
    "table=0,ip,ct_state=-trk,actions=ct(table=1)",
    "table=1,ip,in_port=5,ct_state=+trk+new,actions=ct(commit),6",
    "table=1,ip,in_port=5,ct_state=+trk+est,actions=6",
    "table=1,ip,in_port=6,ct_state=+trk+est,actions=5",
], 1)
# The same for each NIC by itself, as ours does: 5 judges what it sends by its connections, 6 what it receives by its own.
EACH_NIC = Program([
    "table=0,ip,in_port=5,ct_state=-trk,actions=ct(zone=5,table=1)",
    "table=0,ip,in_port=6,ct_state=-trk,actions=ct(zone=6,table=1)",
    "table=1,ip,in_port=5,ct_state=+trk+new,actions=ct(commit,zone=5),ct(zone=6,table=2)",
    "table=1,ip,in_port=5,ct_state=+trk+est,actions=ct(zone=6,table=2)",
    "table=1,ip,in_port=6,ct_state=+trk+est,actions=ct(zone=5,table=2)",
    "table=2,ip,in_port=5,ct_state=+trk+new,actions=ct(commit,zone=6),6",
    "table=2,ip,in_port=5,ct_state=+trk+est,actions=6",
    "table=2,ip,in_port=6,ct_state=+trk+est,actions=5",
], 2)


def version():
    return subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout.splitlines()[0]


class Ovs:
    def __init__(self, huge, tso=False):
        self.dir = tempfile.mkdtemp(prefix="freehold-ovs-", dir="/dev/shm")
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir, OVS_LOGDIR=self.dir)
        self.processes = []
        try:
            self.start(huge, tso)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def call(self, *args):
        done = subprocess.run(args, env=self.env, capture_output=True, text=True, timeout=40)
        if done.returncode:
            raise RuntimeError(f"{' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def appctl(self, *args):
        return self.call("ovs-appctl", "-t", f"{self.dir}/vs.ctl", *args)

    def start(self, huge, tso):
        db, sock = f"{self.dir}/conf.db", f"unix:{self.dir}/db.sock"
        self.call("ovsdb-tool", "create", db, "/usr/share/openvswitch/vswitch.ovsschema")
        self.spawn("ovsdb-server", db, f"--remote=p{sock}", f"--unixctl={self.dir}/db.ctl")
        vsctl = ("ovs-vsctl", f"--db={sock}", "--timeout=30")
        self.wait(f"{self.dir}/db.sock")
        self.call(*vsctl, "--no-wait", "init")
        memory = "--in-memory -m 1024" if huge else "--no-huge -m 3072"
        self.call(*vsctl, "--no-wait", "set", "Open_vSwitch", ".", "other_config:dpdk-init=true", "other_config:pmd-cpu-mask=0x1",
                  "other_config:dpdk-lcore-mask=0x2", f"other_config:userspace-tso-enable={'true' if tso else 'false'}",
                  f'other_config:dpdk-extra="{memory} --no-shconf --no-pci --no-telemetry"')
        self.spawn(PROGRAM, sock, f"--unixctl={self.dir}/vs.ctl", f"--log-file={self.dir}/vs.log")
        self.wait(f"{self.dir}/vs.ctl")
        self.call(*vsctl, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        for n in (5, 6):
            self.call(*vsctl, "add-port", "br0", f"p{n}", "--", "set", "interface", f"p{n}", "type=dpdkvhostuserclient",
                      f"options:vhost-server-path={self.dir}/port{n}", f"ofport_request={n}")
        self.appctl("dpctl/ct-set-maxconns", "3000000")
        # The PMD thread has core 0 for itself; all others share core 1 with the load, as ours do.
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/comm") as f:
                if not f.read().startswith("pmd-"):
                    os.sched_setaffinity(int(task), {1})
        self.resident_before = self.resident()
        os.kill(self.pid, signal.SIGSTOP)

    @contextlib.contextmanager
    def awake(self):
        os.kill(self.pid, signal.SIGCONT)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGSTOP)

    @property
    def pid(self):
        return self.processes[-1].pid

    def spawn(self, *args):
        self.processes.append(subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *args], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def wait(self, path):
        deadline = time.monotonic() + 30
        while not os.path.exists(path):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} did not appear: {self.log_tail()}")
            time.sleep(0.05)

    def log_tail(self):
        try:
            with open(f"{self.dir}/vs.log") as f:
                return " | ".join([line.strip() for line in f if "|ERR|" in line or "|EMER|" in line][-3:])
        except OSError:
            return "no log"

    def program(self, flows):
        """Other flows, no connections, counters from zero."""
        self.call("ovs-ofctl", "del-flows", f"unix:{self.dir}/br0.mgmt")
        for flow in flows:
            self.call("ovs-ofctl", "add-flow", f"unix:{self.dir}/br0.mgmt", flow)
        self.appctl("dpctl/flush-conntrack")
        self.appctl("dpif-netdev/pmd-stats-clear")

    def flush_command(self):
        return f"OVS_RUNDIR={self.dir} ovs-appctl -t {self.dir}/vs.ctl dpctl/flush-conntrack"

    def connections(self):
        return int(self.appctl("dpctl/ct-get-nconns"))

    def passes(self):
        """How often a packet went through the datapath: once, and once more for each zone that it was looked up in."""
        found = re.search(r"avg. datapath passes per packet: ([0-9.]+)", self.appctl("dpif-netdev/pmd-stats-show"))
        return float(found.group(1))

    def resident(self):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) * 1024

    def stop(self):
        for p in reversed(self.processes):
            p.terminate()
            p.send_signal(signal.SIGCONT)
        for p in self.processes:
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
        shutil.rmtree(self.dir, ignore_errors=True)
