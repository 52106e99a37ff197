# shellcheck shell=bash
# The verbs of rig/target. Written with few forks: under software emulation each costs tens of milliseconds.

NVMET=/sys/kernel/config/nvmet
# One file per thing made, so that down takes away what is ours and nothing else.
RECORD=/run/verbena-target
PASSTHRU_NQN=nqn.2016-06.io.spdk:passthru
# A RAM disk takes a minor number each; far beyond what any test here wants.
MOST_DISKS=128

number() { # NAME VALUE LOWEST HIGHEST
  [[ $2 =~ ^[0-9]{1,9}$ ]] && [ "$((10#$2))" -ge "$3" ] && [ "$((10#$2))" -le "$4" ] || die 2 "$1 '$2' is not a number from $3 to $4"
}

# bytes_of SIZE: sets bytes; a size must be whole pages.
bytes_of() {
  [[ $1 =~ ^([1-9][0-9]{0,12})([KMG]?)$ ]] || die 2 "'$1' is not a size such as 1048576, 64K, 256M or 1G"
  bytes=${BASH_REMATCH[1]}
  case ${BASH_REMATCH[2]} in
    K) bytes=$((bytes << 10)) ;;
    M) bytes=$((bytes << 20)) ;;
    G) bytes=$((bytes << 30)) ;;
  esac
  [ $((bytes % 4096)) = 0 ] || die 2 "size $1 is not a multiple of 4096 bytes"
}

# put FILE VALUE: a configfs attribute, with an error that says which.
put() {
  { printf %s "$2" >"$1"; } 2>/dev/null || die 1 "the kernel refuses '$2' for ${1#"$NVMET/"}"
}

# attribute FILE VALUE WHAT: like put, for one that not every kernel has.
attribute() {
  [ -e "$1" ] || die 1 "$3: the target of linux $(uname -r) cannot do that (no ${1##*/})"
  put "$1" "$2"
}

make() { [ -d "$1" ] || mkdir "$1" || die 1 "cannot make ${1#"$NVMET/"}: see dmesg"; }

# ours NQN, our_port ID: refuse what up did not make.
ours() { [ -n "${1:-}" ] && [ -e "$RECORD/subsystems/$1" ] || die 1 "no subsystem '${1:-}' was made by rig/target up"; }
our_port() { [ -n "${1:-}" ] && [ -e "$RECORD/ports/$1" ] || die 1 "no port '${1:-}' was made by rig/target up"; }
is_up() { [ -d "$RECORD" ] || die 3 "no target is up"; }

need_modules() {
  local module missing=()
  for module in "$@"; do [ -d "/sys/module/${module//-/_}" ] || missing+=("$module"); done
  [ ${#missing[@]} = 0 ] || modprobe -a "${missing[@]}" || die 1 "linux $(uname -r) has no module for one of: ${missing[*]}"
  [ -d /sys/kernel/config ] || modprobe configfs || die 1 "linux $(uname -r) has no configfs"
  [ -d $NVMET ] || mount -t configfs configfs /sys/kernel/config || die 1 "cannot mount configfs"
}

# disks COUNT BYTES: RAM disks /dev/ram0 to COUNT-1.
disks() {
  local i
  # Its disks have the size they were given when it was loaded, and may be somebody's.
  [ ! -d /sys/module/brd ] || die 1 "the RAM disk module is loaded already: if nobody uses it, rmmod brd first"
  modprobe brd rd_nr="$1" rd_size=$(($2 >> 10)) || die 1 "cannot load the RAM disk module"
  : >$RECORD/brd
  for ((i = 0; i < $1; i++)); do
    [ -b "/dev/ram$i" ] || sleep 0.2
    [ -b "/dev/ram$i" ] || die 1 "/dev/ram$i did not appear"
  done
}

# The device mapper on top of a disk can hold back what it is asked. Sets device.
map_disk() { # DISK BYTES
  local name=verbena-${1##*/} minor
  DM_DISABLE_UDEV=1 dmsetup create "$name" --table "0 $(($2 >> 9)) linear $1 0" || die 1 "cannot map $1"
  : >"$RECORD/mapped/$name"
  minor=$(dmsetup info -c --noheadings -o minor "$name") || die 1 "cannot find the mapped $1"
  device=/dev/dm-$minor
}

# Sets name: that of a namespace's mapped disk.
mapped_name() { # DEVICE
  [[ $1 == /dev/dm-* ]] && read -r name <"/sys/class/block/${1##*/}/dm/name"
}

listen() { # PORTID ADDRESS SERVICE INLINE QUEUESIZE
  local port=$NVMET/ports/$1 family=ipv4
  [[ $2 != *:* ]] || family=ipv6
  [ ! -d "$port" ] || die 1 "port $1 exists already: rig/target down first, or take another"
  make "$port"
  : >"$RECORD/ports/$1"
  put "$port/addr_trtype" rdma
  put "$port/addr_adrfam" $family
  put "$port/addr_traddr" "$2"
  put "$port/addr_trsvcid" "$3"
  [ -z "$4" ] || put "$port/param_inline_data_size" "$4"
  [ -z "$5" ] || attribute "$port/param_max_queue_size" "$5" --max-queue-size
}

link_all() { # PORTID
  local nqn
  for nqn in "$RECORD"/subsystems/*; do target_link "${nqn##*/}" "$1"; done
}

referrals() { # PORTID REFERRAL...
  local port=$1 referral folder address service family i=0
  shift
  for referral; do
    i=$((i + 1)) service=4420 family=ipv4
    case $referral in
      \[*\]:*) address=${referral%]:*} address=${address#[} service=${referral##*]:} family=ipv6 ;;
      \[*\]) address=${referral#[} address=${address%]} family=ipv6 ;;
      *:*:*) address=$referral family=ipv6 ;;
      *:*) address=${referral%:*} service=${referral##*:} ;;
      *) address=$referral ;;
    esac
    number "service of --referral $referral" "$service" 1 65535
    folder=$NVMET/ports/$port/referrals/referral$i
    make "$folder"
    put "$folder/addr_trtype" rdma
    put "$folder/addr_adrfam" $family
    put "$folder/addr_traddr" "$address"
    put "$folder/addr_trsvcid" "$service"
    put "$folder/addr_portid" $i
    put "$folder/enable" 1
  done
}

target_up() {
  local address='' ipv6='' service=4420 port=1 subsystems=1 namespaces=1 prefix=nqn.2016-06.io.spdk:cnode size=256M max_size=''
  local inline=16384 queue_size='' qid_max='' hosts=() referral=() groups=() passthru='' freezable=''
  while [ $# -gt 0 ]; do
    case $1 in
      --passthru) passthru=yes && shift && continue ;;
      --freezable) freezable=yes && shift && continue ;;
      --ipv6) ipv6=yes && shift && continue ;;
    esac
    [[ $1 == --* ]] || die 2 "unknown argument '$1' (rig/target --help)"
    [ $# -ge 2 ] || die 2 "$1 needs a value"
    case $1 in
      --address) address=$2 ;;
      --port) service=$2 ;;
      --port-id) port=$2 ;;
      --subsystems) subsystems=$2 ;;
      --namespaces) namespaces=$2 ;;
      --nqn) prefix=$2 ;;
      --size) size=$2 ;;
      --max-size) max_size=$2 ;;
      --inline) inline=$2 ;;
      --max-queue-size) queue_size=$2 ;;
      --qid-max) qid_max=$2 ;;
      --allow-host) hosts+=("$2") ;;
      --referral) referral+=("$2") ;;
      --ana-group) groups+=("$2") ;;
      *) die 2 "unknown argument '$1' (rig/target --help)" ;;
    esac
    shift 2
  done
  number --port "$service" 1 65535
  number --port-id "$port" 1 65535
  number --subsystems "$subsystems" 1 $MOST_DISKS
  number --namespaces "$namespaces" 1 $MOST_DISKS
  [ $((subsystems * namespaces)) -le $MOST_DISKS ] || die 2 "more than $MOST_DISKS namespaces together"
  number --inline "$inline" 0 16384
  [ -z "$queue_size" ] || number --max-queue-size "$queue_size" 16 1024
  [ -z "$qid_max" ] || number --qid-max "$qid_max" 1 128
  local group host
  for group in ${groups[@]+"${groups[@]}"}; do
    [[ $group =~ ^[0-9]+=(optimized|non-optimized|inaccessible|persistent-loss|change)$ ]] ||
      die 2 "--ana-group '$group' is not N=STATE with a state of ANA"
    number --ana-group "${group%%=*}" 1 128
  done
  for host in ${hosts[@]+"${hosts[@]}"}; do [[ $host != */* ]] && [ -n "$host" ] || die 2 "--allow-host '$host' is no host NQN"; done
  [[ $prefix != */* ]] && [ -n "$prefix" ] || die 2 "--nqn '$prefix' cannot begin a subsystem's name"
  bytes_of "$size"
  local namespace_bytes=$bytes disk_bytes=$bytes
  if [ -n "$max_size" ]; then
    bytes_of "$max_size"
    [ "$bytes" -ge "$namespace_bytes" ] || die 2 "--max-size $max_size is less than --size $size"
    # The first 4 KiB stay free, in the way of a partition.
    disk_bytes=$((bytes + 4096))
  fi
  [ -z "$ipv6" ] || [ -n "$address" ] || address=${VERBENA_RIG_ADDRESS6:-fd10:9::1}
  [ -n "$address" ] || address=${VERBENA_RIG_ADDRESS:-10.9.0.1}
  [ -z "$ipv6" ] || [[ $address == *:* ]] || die 2 "--ipv6 with the IPv4 address $address"

  [ ! -d $RECORD ] || die 1 "a target is up already: rig/target down first"
  need_modules nvmet nvmet-rdma
  [ -z "$freezable" ] || need_modules dm-mod
  mkdir -p $RECORD/subsystems $RECORD/ports $RECORD/hosts $RECORD/mapped
  # Half a target helps nobody: what fails from here on takes back what was made.
  trap 'target_down' EXIT
  disks $((subsystems * namespaces)) "$disk_bytes"

  local s n disk=0 nqn folder device
  for ((s = 1; s <= subsystems; s++)); do
    nqn=$prefix$s folder=$NVMET/subsystems/$prefix$s
    [ ! -d "$folder" ] || die 1 "subsystem $nqn exists already"
    make "$folder"
    : >"$RECORD/subsystems/$nqn"
    put "$folder/attr_allow_any_host" $((${#hosts[@]} == 0))
    [ -z "$qid_max" ] || attribute "$folder/attr_qid_max" "$qid_max" --qid-max
    for host in ${hosts[@]+"${hosts[@]}"}; do target_allow "$nqn" "$host"; done
    for ((n = 1; n <= namespaces; n++)); do
      device=/dev/ram$disk disk=$((disk + 1))
      if [ -n "$freezable" ]; then
        map_disk $device "$namespace_bytes"
      elif [ -n "$max_size" ]; then
        addpart $device 1 8 $((namespace_bytes >> 9)) || die 1 "cannot make a partition on $device"
        device=${device}p1
        [ -b $device ] || sleep 0.2
      fi
      make "$folder/namespaces/$n"
      put "$folder/namespaces/$n/device_path" $device
      for group in ${groups[@]+"${groups[@]}"}; do
        [ "${group%%=*}" != $n ] || put "$folder/namespaces/$n/ana_grpid" $n
      done
      put "$folder/namespaces/$n/enable" 1
    done
  done
  [ -z "$passthru" ] || passthru_up
  listen "$port" "$address" "$service" "$inline" "$queue_size"
  for group in ${groups[@]+"${groups[@]}"}; do target_ana "$port" "${group%%=*}" "${group#*=}"; done
  referrals "$port" ${referral[@]+"${referral[@]}"}
  link_all "$port"
  trap - EXIT
}

passthru_up() {
  local folder=$NVMET/subsystems/$PASSTHRU_NQN controller=
  make "$folder"
  : >"$RECORD/subsystems/$PASSTHRU_NQN"
  [ -d "$folder/passthru" ] || die 1 "--passthru: the target of linux $(uname -r) cannot do that (no passthru)"
  for controller in /dev/nvme[0-9] ''; do
    # Only a controller on PCI: the others are connections over fabrics.
    [ -c "$controller" ] && [[ $(readlink "/sys/class/nvme/${controller##*/}/device") == *:* ]] && break
  done
  [ -n "$controller" ] || die 1 "--passthru: no NVMe controller here (rig/run --passthru gives the guest one)"
  put "$folder/attr_allow_any_host" 1
  put "$folder/passthru/device_path" "$controller"
  put "$folder/passthru/enable" 1
}

target_down() {
  trap - EXIT
  local port nqn host folder mapped failed=0
  [ -d $RECORD ] || { say "no target is up" && return 0; }
  # What is held would be waited for.
  for mapped in "$RECORD"/mapped/*; do [ ! -e "$mapped" ] || dmsetup resume "${mapped##*/}" || failed=1; done
  for port in "$RECORD"/ports/*; do
    [ ! -e "$port" ] || remove_port "${port##*/}" || failed=1
  done
  for nqn in "$RECORD"/subsystems/*; do
    [ -e "$nqn" ] || continue
    folder=$NVMET/subsystems/${nqn##*/}
    [ -d "$folder" ] || { rm -f "$nqn" && continue; }
    for host in "$folder"/allowed_hosts/*; do [ ! -L "$host" ] || rm "$host" || failed=1; done
    for host in "$folder"/namespaces/*; do
      [ -d "$host" ] || continue
      echo 0 >"$host/enable" || failed=1
      rmdir "$host" || failed=1
    done
    [ ! -e "$folder/passthru/enable" ] || echo 0 >"$folder/passthru/enable" || failed=1
    rmdir "$folder" && rm -f "$nqn" || failed=1
  done
  for host in "$RECORD"/hosts/*; do
    [ -e "$host" ] || continue
    [ ! -d "$NVMET/hosts/${host##*/}" ] || rmdir "$NVMET/hosts/${host##*/}" && rm -f "$host" || failed=1
  done
  for mapped in "$RECORD"/mapped/*; do
    [ -e "$mapped" ] || continue
    DM_DISABLE_UDEV=1 dmsetup remove "${mapped##*/}" && rm -f "$mapped" || failed=1
  done
  if [ -e $RECORD/brd ] && [ -d /sys/module/brd ]; then rmmod brd && rm -f $RECORD/brd || failed=1; fi
  [ $failed = 0 ] || die 1 "something of the target is still there: see above; rig/target down can be repeated"
  rm -rf $RECORD
}

remove_port() { # PORTID
  local folder=$NVMET/ports/$1 item
  [ -d "$folder" ] || { rm -f "$RECORD/ports/$1" && return 0; }
  for item in "$folder"/subsystems/*; do [ ! -L "$item" ] || rm "$item" || return 1; done
  for item in "$folder"/referrals/*; do
    [ ! -d "$item" ] || { echo 0 >"$item/enable" && rmdir "$item"; } || return 1
  done
  for item in "$folder"/ana_groups/*; do
    # Group 1 belongs to the port and goes with it.
    [ ! -d "$item" ] || [ "${item##*/}" = 1 ] || rmdir "$item" || return 1
  done
  rmdir "$folder" && rm -f "$RECORD/ports/$1"
}

target_status() {
  is_up
  local nqn folder namespace device enabled sectors port subsystem list address service inline size
  for nqn in "$RECORD"/subsystems/*; do
    folder=$NVMET/subsystems/${nqn##*/}
    for namespace in "$folder"/namespaces/*; do
      [ -d "$namespace" ] || continue
      read -r device <"$namespace/device_path"
      read -r enabled <"$namespace/enable"
      read -r sectors <"/sys/class/block/${device##*/}/size"
      [ "$enabled" = 1 ] && enabled=on || enabled=off
      echo "namespace ${nqn##*/} ${namespace##*/} $device $((sectors << 9)) $enabled"
    done
  done
  for port in "$RECORD"/ports/*; do
    folder=$NVMET/ports/${port##*/} list=
    for subsystem in "$folder"/subsystems/*; do [ ! -L "$subsystem" ] || list=$list,${subsystem##*/}; done
    list=${list#,} size=-
    read -r address <"$folder/addr_traddr"
    read -r service <"$folder/addr_trsvcid"
    read -r inline <"$folder/param_inline_data_size"
    [ ! -e "$folder/param_max_queue_size" ] || read -r size <"$folder/param_max_queue_size"
    echo "port ${port##*/} $address $service $inline $size ${list:--}"
  done
}

target_link() { # NQN [PORTID]
  local port=${2:-1}
  ours "${1:-}"
  our_port "$port"
  [ -L "$NVMET/ports/$port/subsystems/$1" ] && return 0
  ln -s "$NVMET/subsystems/$1" "$NVMET/ports/$port/subsystems/$1" ||
    die 1 "cannot listen on port $port: is its address up, and the service free? See dmesg"
}

target_unlink() { # NQN [PORTID]
  local port=${2:-1}
  ours "${1:-}"
  our_port "$port"
  [ ! -L "$NVMET/ports/$port/subsystems/$1" ] || rm "$NVMET/ports/$port/subsystems/$1"
}

target_remove() {
  is_up
  local port links=()
  for port in "$RECORD"/ports/*; do links+=("$NVMET/ports/${port##*/}/subsystems"/*); done
  [ ! -L "${links[0]:-}" ] || rm -f "${links[@]}"
}

target_allow() { # NQN HOSTNQN
  ours "${1:-}"
  [ -n "${2:-}" ] || die 2 "which host?"
  if [ ! -d "$NVMET/hosts/$2" ]; then
    make "$NVMET/hosts/$2"
    : >"$RECORD/hosts/$2"
  fi
  [ -L "$NVMET/subsystems/$1/allowed_hosts/$2" ] || ln -s "$NVMET/hosts/$2" "$NVMET/subsystems/$1/allowed_hosts/$2"
}

target_disallow() { # NQN HOSTNQN
  ours "${1:-}"
  [ -n "${2:-}" ] || die 2 "which host?"
  [ ! -L "$NVMET/subsystems/$1/allowed_hosts/$2" ] || rm "$NVMET/subsystems/$1/allowed_hosts/$2"
}

switch_value() { [[ ${1:-} =~ ^[01]$ ]] || die 2 "'${1:-}' is neither 0 nor 1"; }

target_any_host() { # NQN 0|1
  ours "${1:-}"
  switch_value "${2:-}"
  put "$NVMET/subsystems/$1/attr_allow_any_host" "$2"
}

target_dhchap() { # NQN HOSTNQN KEY [CTRLKEY]
  ours "${1:-}"
  [ -n "${2:-}" ] && [ -n "${3:-}" ] || die 2 "which host, and which key?"
  target_any_host "$1" 0
  target_allow "$1" "$2"
  [ -e "$NVMET/hosts/$2/dhchap_key" ] || die 1 "dhchap: the target of linux $(uname -r) cannot authenticate"
  put "$NVMET/hosts/$2/dhchap_key" "$3"
  [ -z "${4:-}" ] || put "$NVMET/hosts/$2/dhchap_ctrl_key" "$4"
}

target_qid_max() { # NQN N
  ours "${1:-}"
  [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die 2 "'${2:-}' is no number of queues"
  put "$NVMET/subsystems/$1/attr_qid_max" "$2"
}

our_namespace() {
  ours "${1:-}"
  [ -n "${2:-}" ] && [ -d "$NVMET/subsystems/$1/namespaces/$2" ] || die 1 "$1 has no namespace '${2:-}'"
}

target_ns_enable() { # NQN NSID 0|1
  our_namespace "$@"
  switch_value "${3:-}"
  put "$NVMET/subsystems/$1/namespaces/$2/enable" "$3"
}

target_ns_resize() { # NQN NSID SIZE
  our_namespace "$@"
  local device disk name sectors folder=$NVMET/subsystems/$1/namespaces/$2
  bytes_of "${3:-}"
  read -r device <"$folder/device_path"
  if mapped_name "$device"; then disk=${name#verbena-}; else
    [[ $device == *p1 ]] || die 1 "the namespaces cannot change size: bring the target up with --max-size"
    disk=${device:5:-2}
  fi
  read -r sectors <"/sys/class/block/$disk/size"
  # Linux 6.1 lets a partition grow past the end of its disk.
  [ $((bytes >> 9)) -le $((sectors - 8)) ] || die 1 "$3 is more than --max-size was"
  if [ -n "${name:-}" ]; then
    dmsetup load "$name" --table "0 $((bytes >> 9)) linear /dev/$disk 0" && dmsetup resume --noudevsync "$name"
  else
    resizepart "/dev/$disk" 1 $((bytes >> 9))
  fi || die 1 "cannot resize $device"
  attribute "$folder/revalidate_size" 1 ns-resize
}

target_ns_remap() { # NQN NSID: the id belongs to another namespace from now on, as far as a host can tell
  our_namespace "$@"
  local uuid folder=$NVMET/subsystems/$1/namespaces/$2
  read -r uuid </proc/sys/kernel/random/uuid
  put "$folder/enable" 0
  put "$folder/device_uuid" "$uuid"
  put "$folder/enable" 1
}

target_ns_swap() { # NQN NSID NSID: the two exchange their disks, and their identities with them
  our_namespace "$1" "${2:-}"
  our_namespace "$1" "${3:-}"
  local one=$NVMET/subsystems/$1/namespaces/$2 two=$NVMET/subsystems/$1/namespaces/$3
  local path1 path2 uuid1 uuid2
  read -r path1 <"$one/device_path"
  read -r path2 <"$two/device_path"
  read -r uuid1 <"$one/device_uuid"
  read -r uuid2 <"$two/device_uuid"
  put "$one/enable" 0
  put "$two/enable" 0
  put "$one/device_path" "$path2"
  put "$one/device_uuid" "$uuid2"
  put "$two/device_path" "$path1"
  put "$two/device_uuid" "$uuid1"
  put "$one/enable" 1
  put "$two/enable" 1
}

target_freeze() { # NQN NSID 0|1
  our_namespace "$@"
  switch_value "${3:-}"
  local device name
  read -r device <"$NVMET/subsystems/$1/namespaces/$2/device_path"
  mapped_name "$device" || die 1 "the namespaces cannot be held: bring the target up with --freezable"
  if [ "$3" = 1 ]; then dmsetup suspend --noflush --nolockfs "$name"; else dmsetup resume "$name"; fi ||
    die 1 "cannot hold or release $device"
}

target_ana() { # PORTID GROUP STATE
  our_port "${1:-}"
  number "ANA group" "${2:-}" 1 128
  [[ ${3:-} =~ ^(optimized|non-optimized|inaccessible|persistent-loss|change)$ ]] || die 2 "'${3:-}' is no ANA state"
  make "$NVMET/ports/$1/ana_groups/$2"
  put "$NVMET/ports/$1/ana_groups/$2/ana_state" "$3"
}

target_queue_size() { # PORTID N: the kernel takes a new size only while the port does not listen.
  our_port "${1:-}"
  number "queue size" "${2:-}" 16 1024
  local link linked=() folder=$NVMET/ports/$1
  [ -e "$folder/param_max_queue_size" ] || die 1 "queue-size: the target of linux $(uname -r) cannot do that (no param_max_queue_size)"
  for link in "$folder"/subsystems/*; do [ ! -L "$link" ] || linked+=("${link##*/}"); done
  [ ${#linked[@]} = 0 ] || rm "${linked[@]/#/$folder/subsystems/}"
  attribute "$folder/param_max_queue_size" "$2" queue-size
  for link in ${linked[@]+"${linked[@]}"}; do target_link "$link" "$1"; done
}

target_add_port() { # PORTID ADDRESS [SERVICE]
  is_up
  number "port id" "${1:-}" 1 65535
  [ -n "${2:-}" ] || die 2 "which address?"
  number service "${3:-4420}" 1 65535
  listen "$1" "$2" "${3:-4420}" '' ''
  link_all "$1"
}

target_remove_port() { # PORTID
  our_port "${1:-}"
  remove_port "$1" || die 1 "port $1 is still there"
}
