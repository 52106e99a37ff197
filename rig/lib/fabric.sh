# shellcheck shell=bash
# Soft-RoCE on a pair of virtual Ethernet devices: the same in a guest and, with rig/run --host, on the machine.

FABRIC_NETDEV=verbena0
FABRIC_PEER=verbena1
FABRIC_DEVICE=rxe0
FABRIC_IPV4=10.9.0.1
FABRIC_IPV6=fd10:9::1
# A RoCE header fits above 4096 bytes of payload only if the Ethernet MTU leaves room for it.
FABRIC_MTU=4200

fabric_modules() { modprobe -a veth rdma_rxe rdma_ucm ib_uverbs configfs; }

fabric_up() {
  ip link add "$FABRIC_NETDEV" mtu "$FABRIC_MTU" type veth peer name "$FABRIC_PEER" mtu "$FABRIC_MTU" &&
    ip link set "$FABRIC_NETDEV" up && ip link set "$FABRIC_PEER" up &&
    ip addr add "$FABRIC_IPV4/24" dev "$FABRIC_NETDEV" &&
    ip addr add "$FABRIC_IPV6/64" dev "$FABRIC_NETDEV" nodad &&
    rdma link add "$FABRIC_DEVICE" type rxe netdev "$FABRIC_NETDEV" &&
    { grep -q ' /sys/kernel/config ' /proc/mounts || mount -t configfs configfs /sys/kernel/config; }
}

fabric_down() {
  local failed=0
  if rdma link show "$FABRIC_DEVICE/1" >/dev/null 2>&1; then rdma link delete "$FABRIC_DEVICE" || failed=1; fi
  if [ -e "/sys/class/net/$FABRIC_NETDEV" ]; then ip link delete "$FABRIC_NETDEV" || failed=1; fi
  return $failed
}
