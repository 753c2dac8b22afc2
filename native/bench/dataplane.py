#!/usr/bin/env python3
"""`./freehold bench dataplane`: our dataplane and its peers under the same load, one worker on one core.

usage: dataplane.py BUILD_DIR GUEST_DIR OUT.json [SECONDS]

Writes the machine and a list of {what, ours, peer, unit, expected, ok, note}, and prints the list as a table. `ok` is true, false, or
null where nothing was expected. The peer is OVS-DPDK unless the note says otherwise. Its figures of a row count only if its own counters
say that it did the work: that each packet went through its connection tracking, and that all connections are there. Otherwise the peer's
place is empty and the note says why. A part that breaks off is a row that was not kept; the others are measured all the same.
"""
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys

import guests
import hugepages
import ovs

PAGES = 850  # of 2 MB: buffers of one switch, guests' memory
CREATED = 1000000


class Table:
    def __init__(self):
        self.rows = []
        self.broken = 0
        print(f"{'what':54} {'ours':>10} {'peer':>10} {'unit':15} {'expected':24}")

    def row(self, what, ours, peer, unit, expected="", ok=None, note=""):
        def rounded(v):
            return v if v is None else round(v, 1 if abs(v) >= 100 else 2)

        ours, peer = rounded(ours), rounded(peer)
        self.rows.append(dict(what=what, ours=ours, peer=peer, unit=unit, expected=expected, ok=ok, note=note))
        verdict = {True: "ok", False: "MISSED", None: ""}[ok]
        shown = [("-" if v is None else f"{v:.10g}") for v in (ours, peer)]
        print(f"{what:54} {shown[0]:>10} {shown[1]:>10} {unit:15} {expected:24} {verdict:6} {note}", flush=True)

    def part(self, measure, *args):
        try:
            measure(self, *args)
        except Exception as e:  # whatever it is: the other parts are worth measuring
            self.broken += 1
            self.row(measure.__name__.replace("_", " "), None, None, "", "to be measured", False, f"broke off: {e!r}")


class Bench:
    """Runs dataplane_bench against ours or OVS-DPDK."""

    def __init__(self, build, huge, seconds):
        self.huge = huge
        self.program = f"{build}/bench/dataplane_bench"
        self.env = dict(os.environ, FREEHOLD_DATAPLANE=f"{build}/dataplane/freehold-dataplane")
        self.common = ["--seconds", str(seconds)] + (["--huge"] if huge else [])

    def run(self, *args):
        done = subprocess.run([self.program, *map(str, args), *self.common], env=self.env, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"dataplane_bench {' '.join(map(str, args))}: {done.stderr.strip().splitlines()[-1:]}")
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def switch(self, tso=False):
        """OVS-DPDK. What it cannot do must not cost our own figures: None if it does not start."""
        self.no_peer = ""
        with contextlib.ExitStack() as stack:
            try:
                switch = stack.enter_context(ovs.Ovs(self.huge, tso))
            except (OSError, RuntimeError, subprocess.SubprocessError) as e:
                switch, self.no_peer = None, f"peer: does not start: {e}"
            yield switch

    def peer(self, switch, program, *args):
        """Return: figures and why they do not count (empty: they do)."""
        if not switch:
            return None, self.no_peer
        try:
            with switch.awake():
                switch.program(program.flows)
                figures = self.run(*args, "--peer", switch.dir, "--pid", switch.pid, "--flush", switch.flush_command())
                figures["connections"], passes = switch.connections(), switch.passes()
        except (RuntimeError, subprocess.SubprocessError) as e:
            return None, f"peer: {e} {switch.log_tail()}"
        wanted = figures["opened"] * 0.99 * program.lookups
        if figures["connections"] < wanted or abs(passes - (1 + program.lookups)) > 0.1:
            return None, f"peer: {figures['connections']} of {figures['opened']} connections, {passes} passes a packet"
        return figures, ""


def value(figures, key, scale=1.0):
    return figures and figures[key] * scale


def forwarding(table, bench, switch):
    """Cycles and packets a second, filtered and not, by load and number of flows."""
    plain, cost = {}, {}

    def both(mode, programmed, flows, load):
        ours = bench.run("forward", "--mode", mode, "--flows", flows, "--load", load)
        return ours, *bench.peer(switch, programmed, "forward", "--flows", flows, "--load", load)

    def rows(what, ours, theirs, expected="", ok=None, note=""):
        table.row(what, ours["cycles"], value(theirs, "cycles"), "cycles/packet", expected, ok, note)
        table.row(what, ours["pps"] / 1e6, value(theirs, "pps", 1e-6), "Mpps")

    for load, name in ((60, "64 B"), ("imix", "IMIX")):
        ours, theirs, why = both("unfiltered", ovs.PLAIN, 1000, load)
        plain[load] = ours["cycles"]
        rows(f"{name}, unfiltered (the control)", ours, theirs, note=why)
    for load, name, flows, share in (("imix", "IMIX", 1000, None), (60, "64 B", 1000, 3), (60, "64 B", 100000, 4), (60, "64 B", 1000000, 4)):
        ours, theirs, why = both("stateful", ovs.STATEFUL, flows, load)
        cost[load, flows] = ours["cycles"]
        what = f"{name}, stateful, {flows // 1000}k flows"
        kept = theirs is not None and ours["cycles"] <= theirs["cycles"] / share if share else None
        rows(what, ours, theirs, f"<= 1/{share} of the peer" if share else "", kept,
             why or f"peer/ours: {theirs['cycles'] / ours['cycles']:.2f}; control: {plain[load]:.0f}")
        if flows == 1000:
            each, why = bench.peer(switch, ovs.EACH_NIC, "forward", "--flows", flows, "--load", load)
            rows(f"{what}; peer: a zone a NIC", ours, each, note=why or f"peer/ours: {each['cycles'] / ours['cycles']:.2f}; what OVN and Neutron program, and ours does")
        if flows == 1000000:
            memory(table, ours, theirs, switch)
    over = (cost[60, 1000] / plain[60] - 1) * 100
    table.row("64 B, 1k flows, stateful over our unfiltered", over, None, "%", "<= 25", over <= 25)
    many = bench.run("forward", "--mode", "rules", "--flows", 1000)["cycles"]
    more = (many / cost[60, 1000] - 1) * 100
    table.row("10,000 rules against 1, established", more, None, "% more cycles", "noise (10)", more <= 10)


def memory(table, ours, theirs, switch):
    peer = theirs and (switch.resident() - switch.resident_before) / theirs["connections"]
    table.row("memory a connection, 1M of them", ours["bytes_a_connection"], peer, "B", "<= 192", ours["bytes_a_connection"] <= 192,
              "ours: the table's size by its capacity; peer: growth of its resident memory")


def creation(table, bench, switch):
    one = bench.run("create", "--flows", CREATED)
    theirs, why = bench.peer(switch, ovs.STATEFUL, "create", "--flows", CREATED)
    table.row("new connections", one["rate"] / 1e6, value(theirs, "rate", 1e-6), "M/s", ">= 3 x the peer",
              theirs is not None and one["rate"] >= 3 * theirs["rate"],
              why or f"ours: an entry for each of the two NICs; ours/peer: {one['rate'] / theirs['rate']:.2f}")
    table.row("new connections", one["cycles"], value(theirs, "cycles"), "cycles/packet")
    many = bench.run("create", "--flows", CREATED, "--mode", "rules")
    ratio = one["cycles"] / many["cycles"]
    table.row("10,000 rules against 1, new connections", ratio, None, "of the rate", ">= 0.7", ratio >= 0.7,
              f"{many['rate'] / 1e6:.2f} M/s, {many['cycles']:.0f} cycles")


def large_frames(table, bench, switch):
    for mode, programmed in (("unfiltered", ovs.PLAIN), ("stateful", ovs.STATEFUL)):
        ours = bench.run("forward", "--mode", mode, "--load", "tso")
        theirs, why = bench.peer(switch, programmed, "forward", "--load", "tso")
        gbit = ours["frame"] * 8 / 1e9
        ahead = (theirs is not None and ours["pps"] > theirs["pps"]) if mode == "stateful" else None
        table.row(f"64 KB TSO frames, {mode}", ours["pps"] * gbit, value(theirs, "pps", gbit), "Gbit/s", "ahead" if mode == "stateful" else "", ahead, why)
        table.row(f"64 KB TSO frames, {mode}", ours["cycles"], value(theirs, "cycles"), "cycles/packet")


def quiet_times(table, bench):
    idle = bench.run("idle")
    table.row("idle, 100 ports", idle["share"], None, "% of a core", "< 2", idle["share"] < 2, "OVS-DPDK polls: 100 %")
    table.row("first packet after idle, there and back", idle["first_us"], None, "us", "< 200", idle["first_us"] < 200,
              f"median of 100; 90 % below {idle['first_p90_us']:.0f} us")


def swapping(table, bench):
    swap = bench.run("swap", "--mode", "rules")
    note = (f"{swap['swaps']} swaps of 10,000 rules at {swap['pps'] / 1e6:.1f} Mpps; a swap's latest packet: median {swap['late_us']:.0f}, 90 % below "
            f"{swap['late_p90_us']:.0f}; as long without a swap: {swap['without_us']:.0f}, {swap['without_p90_us']:.0f}, at most {swap['without_max_us']:.0f}; "
            f"{swap['left_out']} frames left out, the worker was not on its core")
    table.row("rule swap under full load, lost", swap["lost"], None, "packets", "0", swap["lost"] == 0)
    table.row("rule swap under full load, latest packet of all", swap["late_max_us"], None, "us", "<= 1000", swap["late_max_us"] <= 1000, note)


def placement(table, bench):
    """What it is worth that a worker follows the vCPU that it serves, by the control call that the host service uses."""
    at = bench.run("place", "--flows", 1000)
    table.row("worker on a core beside the vCPU's", at["beside"] / 1e6, None, "Mpps",
              note=f"left to the kernel {at['floating'] / 1e6:.2f}, on the vCPU's own core {at['upon'] / 1e6:.2f}; the same cache in each case")


def two_guests(table, build, image):
    """One TCP stream, and four, between two emulated guests; the peer is the kernel: taps, a bridge, nftables."""
    for mtu, offloads, name, expected, factor in ((1500, False, "MTU 1500, no offloads", ">= 5.8 x the peer", 5.8), (65000, True, "MTU 65000, TSO", "ahead", 1)):
        ours, kernel = (guests.run(path, build, image, mtu, offloads) for path in (guests.Ours, guests.Kernel))
        for path in (ours, kernel):
            carried = (path["1"] + path["4"]) * 1e6 / 8 * guests.SECONDS
            if path["connections"] < 1 or path["bytes"] < carried * 0.9 or path["mtu"] != mtu:
                raise RuntimeError(f"two guests: not what was to be measured: {path}")
        for streams in ("1", "4"):
            ratio = ours[streams] / kernel[streams]
            note = f"peer: tap, bridge, nftables; ours/peer {ratio:.2f}"
            if streams == "1":
                note += "; both guests are emulated; shares of a core: " + ", ".join(
                    f"{who} vCPUs {w['vcpus']:.0f} %, QEMU {w['qemu']:.0f} %, worker {w['worker']:.0f} %"
                    for who, w in (("ours", ours["work"]), ("peer", kernel["work"])))
            table.row(f"two guests, {streams} TCP stream{'s' * (streams != '1')}, {name}", ours[streams], kernel[streams], "Mbit/s",
                      expected if streams == "1" else "", ratio >= factor if streams == "1" else None, note)


def measure(table, build, image, seconds):
    """Return: whether there were huge pages."""
    with hugepages.HugePages(PAGES) as huge:
        bench = Bench(build, huge.granted, seconds)
        with bench.switch() as switch:
            table.part(forwarding, bench, switch)
            table.part(creation, bench, switch)
        with bench.switch(tso=True) as switch:
            table.part(large_frames, bench, switch)
        for part in (placement, swapping, quiet_times):
            table.part(part, bench)
    table.part(two_guests, build, image)
    return huge.granted


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), platform.machine())
    return dict(cpu=model, cores=os.cpu_count(), kernel=platform.release(), load_before=os.getloadavg(), ovs=ovs.version(), qemu=guests.version(),
                note="One worker on core 0, the load (a poll-mode driver of our own: testpmd cannot make 100,000 flows) on core 1, for both. "
                     "Cycles are the worker's own, while it was on its core. All at the highest priority. A busy machine distorts: see load_before.")


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    build, image, out = map(os.path.abspath, sys.argv[1:4])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    described, table = machine(), Table()
    # Both sides' processes inherit it: what else runs on the machine gets what is left.
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        described["huge_pages"] = measure(table, build, image, float(sys.argv[4]) if len(sys.argv) > 4 else 2)
    finally:
        # What was measured before something broke is worth reading, too.
        with open(out, "w") as f:
            json.dump(dict(machine=described, rows=table.rows), f, indent=1)
    if table.broken:
        sys.exit(f"{table.broken} parts broke off")


if __name__ == "__main__":
    main()
