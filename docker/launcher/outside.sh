# shellcheck shell=bash
# The outside of one instance: a pair of virtual Ethernet devices. One end is the dataplane's uplink; the other has an
# address on this machine, which is the gateway of the demo's external network. Nothing else of the machine changes: no
# forwarding, no firewall, no route but the one to that prefix. So this machine reaches floating IPs and guests reach this
# machine, and nobody beyond it.

# The prefix is one of those for tests of networks (RFC 2544) that nothing on this machine leads to.
outside_block=198.18

# use_outside: names the devices of the instance, in at most 15 characters. Nothing is created.
use_outside() {
  uplink=fhu-${instance:0:11}
  outside=fhx-${instance:0:11}
}

# open_outside: makes the devices, or leaves them as they are, and sets outside_net to the first three bytes of the prefix.
# Empty: this machine does not let us, and the demo is without an external network.
open_outside() {
  outside_net=$(chosen_outside) ||
    say "  The demo is without an external network: this machine does not allow virtual Ethernet devices (see 'ip link')."
}

# Two instances that start together must not choose the same prefix.
chosen_outside() {
  {
    local net
    flock -w 20 8 && net=$(chosen_prefix) && make_outside "$net" && echo "$net"
  } 8>"${outside_lock:-/run/freehold-outside.lock}"
}

# The one of last time if it is this instance's or nobody's, else the first that is nobody's.
chosen_prefix() {
  local net number
  net=$(cat "$state/outside" 2>/dev/null)
  if [[ -n $net ]] && { has_address "$net" || prefix_is_free "$net"; }; then
    echo "$net"
    return
  fi
  for number in {0..255}; do
    net=$outside_block.$number
    prefix_is_free "$net" && echo "$net" | tee "$state/outside" && return
  done
  return 1
}

has_address() {
  ip -4 -o addr show dev "$outside" 2>/dev/null | grep -qF " $1.1/24 "
}

prefix_is_free() {
  [[ -z $(ip -4 -o route show table all root "$1.0/24") ]] &&
    ! ip -4 -o route show table all match "$1.0/24" | grep -qv '^default'
}

make_outside() {
  has_address "$1" && return
  close_outside
  {
    ip link add "$outside" type veth peer name "$uplink" &&
      no_ipv6 "$outside" && no_ipv6 "$uplink" &&
      # The dataplane takes packets as they are on a wire: none longer than the MTU.
      ip link set "$outside" gso_max_segs 1 &&
      ip addr add "$1.1/24" dev "$outside" &&
      ip link set "$uplink" up &&
      ip link set "$outside" up
  } >&2 || { close_outside && return 1; }
}

# Nobody here speaks it; without this the kernel would, unasked.
no_ipv6() {
  local setting=/proc/sys/net/ipv6/conf/$1/disable_ipv6
  [[ ! -e $setting ]] || echo 1 >"$setting"
}

close_outside() {
  ip link del "$outside" 2>/dev/null
  return 0
}

outside_settings() {
  [[ -n $outside_net ]] || return 0
  cat <<PROPERTIES
freehold.external.networks[0].name=outside
freehold.external.networks[0].prefix=$outside_net.0/24
freehold.external.networks[0].gateway=$outside_net.1
freehold.external.networks[0].first=$outside_net.10
freehold.external.networks[0].last=$outside_net.250
freehold.external.networks[0].uplinks[$host_name]=$uplink
PROPERTIES
}
