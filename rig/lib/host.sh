# shellcheck shell=bash disable=SC2154
# rig/run --host: the command on this machine itself. Used by rig/run.

HOST_LOCK=/run/verbena-host.lock
# Present while the soft-RoCE device on this machine is one that we made.
HOST_MADE=/run/verbena-host.made

# shellcheck source=fabric.sh
. "$here/lib/fabric.sh"

# rdma_device: sets host_device and host_netdev to an RDMA device with an active port, preferably VERBENA_RIG_DEVICE.
rdma_device() {
  local name state words line
  host_device=
  while read -r line; do
    # link mlx5_0/1 state ACTIVE physical_state LINK_UP netdev eth0
    read -ra words <<<"$line"
    name=${words[1]%/*} state=${words[3]:-}
    [ -z "${VERBENA_RIG_DEVICE:-}" ] || [ "$name" = "$VERBENA_RIG_DEVICE" ] || continue
    [ "$state" = ACTIVE ] || continue
    host_device=$name host_netdev=
    [[ $line =~ netdev\ ([^ ]+) ]] && host_netdev=${BASH_REMATCH[1]}
    return 0
  done < <(rdma link show 2>/dev/null)
  return 1
}

# address_of NETDEV FAMILY: its first address that is not link-local.
address_of() { ip -o "$2" addr show dev "$1" scope global 2>/dev/null | sed -nE '1s/.* inet6? ([^ /]+).*/\1/p'; }

# host_fabric: an RDMA device to run on, made from rdma_rxe where there is none.
host_fabric() {
  if rdma_device; then
    modprobe -qa rdma_ucm ib_uverbs || true
    return 0
  fi
  [ -z "${VERBENA_RIG_DEVICE:-}" ] || die "$STATUS_RIG" "--host: this machine has no RDMA device $VERBENA_RIG_DEVICE with an active port"
  [ -d /sys/module/rdma_rxe ] || modprobe -qn rdma_rxe 2>/dev/null ||
    die "$STATUS_RIG" "--host: linux $(uname -r) has no active RDMA device and no rdma_rxe module; run without --host, in a guest"
  [ ! -e "/sys/class/net/$FABRIC_NETDEV" ] || die "$STATUS_RIG" "--host: the network device $FABRIC_NETDEV exists already and is not ours"
  local module loaded=''
  for module in rdma_rxe rdma_ucm; do [ -d /sys/module/$module ] || loaded="$loaded $module"; done
  echo "$loaded" >$HOST_MADE
  fabric_modules && fabric_up || die "$STATUS_RIG" "--host: cannot set up soft-RoCE on this machine: see above"
  rdma_device || die "$STATUS_RIG" "--host: the soft-RoCE device did not become active"
}

# host_clear_up: whatever is still there of this run, or of an earlier one that was killed.
host_clear_up() {
  local loaded=''
  if [ -n "${host_group:-}" ]; then
    kill -TERM "$host_group" 2>/dev/null && wait "$host_group" 2>/dev/null
    kill -KILL -- "-$host_group" 2>/dev/null
    host_group=''
  fi
  if [ -z "${host_target_before:-}" ] && [ -d /run/verbena-target ]; then "$here/target" down || true; fi
  [ -e $HOST_MADE ] || return 0
  read -r loaded <$HOST_MADE || true
  fabric_down || complain "cannot take soft-RoCE away again: is something using it?"
  # Others may use them by now: then they stay.
  # shellcheck disable=SC2086
  [ -z "$loaded" ] || modprobe -qr $loaded 2>/dev/null || true
  rm -f $HOST_MADE
}

run_on_host() { # COMMAND...
  [ -z "$kernel$passthru" ] || bad "--kernel and --passthru are for guests, not for --host"
  [ "$EUID" = 0 ] || die "$STATUS_RIG" "--host needs root"
  local tool
  for tool in ip rdma modprobe setpriv; do
    command -v $tool >/dev/null || die "$STATUS_RIG" "$tool is missing: run rig/install --kernel none"
  done
  exec {host_lock}>$HOST_LOCK
  flock -n "$host_lock" || say "another rig/run --host is at work: waiting for it"
  flock -w "$limit" "$host_lock" || die "$STATUS_TIMEOUT" "the other rig/run --host did not end in $limit s"
  [ ! -e $HOST_MADE ] || host_clear_up
  host_target_before=''
  [ ! -d /run/verbena-target ] || host_target_before=yes
  # shellcheck disable=SC2034
  on_host=locked
  host_fabric
  environment+=(VERBENA_RIG=1 "VERBENA_RIG_KERNEL=$(uname -r)" VERBENA_RIG_ACCEL=host "VERBENA_RIG_CPUS=$(nproc)" VERBENA_RIG_JAVA_OPTS=
    "VERBENA_RIG_DEVICE=$host_device" "VERBENA_RIG_ADDRESS=${VERBENA_RIG_ADDRESS:-$(address_of "$host_netdev" -4)}"
    "VERBENA_RIG_ADDRESS6=${VERBENA_RIG_ADDRESS6:-$(address_of "$host_netdev" -6)}" "RIG_OUT=$out")
  say "on this machine, linux $(uname -r), device $host_device${host_netdev:+ on $host_netdev}"
  cd -- "$cwd" || die "$STATUS_RIG" "cannot enter $cwd"
  # timeout leads a process group of its own, by which everything that the command started can be ended.
  setpriv --pdeathsig TERM timeout -k 5 "$limit" env "${environment[@]}" "$@" </dev/null {host_lock}>&- &
  host_group=$!
  status=0
  wait $host_group || status=$?
  kill -KILL -- "-$host_group" 2>/dev/null || true
  host_group=''
  if [ $SECONDS -ge "$limit" ] && [[ $status =~ ^(124|137|143)$ ]]; then
    complain "time limit of $limit s reached: the command was ended"
    status=$STATUS_TIMEOUT
  fi
}
