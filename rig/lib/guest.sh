# shellcheck shell=bash disable=SC2154
# Starting, watching and ending a QEMU guest. Used by rig/run.
# Needs from there: here, work, out, token; and sets: machine, guest_append, guest_initrd, keeper, pumps, status.

# Modules that reach the host's root and the host's ear; the rest is loaded from there.
GUEST_MODULES=(virtio_pci 9pnet_virtio 9p overlay virtio_console)
# How long a machine gets to show that its KVM runs our kernel. Where KVM works this takes under two seconds.
KVM_PROBE_SECONDS=8
# Exit statuses of rig/run that are not the command's.
STATUS_TIMEOUT=124
STATUS_RIG=125
STATUS_PIPE=141

# cpio_folder DIR: the folder as a cpio archive on standard output.
cpio_folder() { (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0); }

# boot_image: sets guest_boot to the cached part of the initramfs for kernel_release: busybox and modules.
boot_image() {
  local busybox stamp folder name module count=10
  busybox=$(command -v busybox) || die "$STATUS_RIG" "busybox is missing: run rig/install"
  stamp=$(stat -c %Y.%s "$busybox" "$kernel_image" "$kernel_root/lib/modules/$kernel_release/modules.dep" | cat - <(echo "${GUEST_MODULES[*]}") | cksum)
  name=$kernel_release-${stamp%% *}.cpio.gz
  guest_boot=$RIG_CACHE/boot/$name
  [ ! -s "$guest_boot" ] || return 0
  folder=$work/boot
  mkdir -p "$folder"/{bin,proc,sys,dev,modules}
  cp "$busybox" "$folder/bin/busybox"
  while read -r module; do
    case $module in
      *.xz) xz -dc "$module" >"$folder/modules/$count-$(basename "$module" .xz)" ;;
      *.zst) zstd -qdc "$module" >"$folder/modules/$count-$(basename "$module" .zst)" ;;
      *) cp "$module" "$folder/modules/$count-${module##*/}" ;;
    esac || die "$STATUS_RIG" "cannot unpack $module"
    count=$((count + 1))
  done < <(for module in "${GUEST_MODULES[@]}"; do
    modprobe -d "$kernel_root" -S "$kernel_release" --show-depends "$module" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | awk '!seen[$0]++')
  [ $count -gt 10 ] || die "$STATUS_RIG" "modprobe finds no modules of $kernel_release under $kernel_root"
  cpio_folder "$folder" | gzip -1 >"$work/boot.cpio.gz"
  rm -rf "$folder"
  if mkdir -p "$RIG_CACHE/boot" 2>/dev/null && cp "$work/boot.cpio.gz" "$guest_boot.$$" 2>/dev/null; then
    mv -f "$guest_boot.$$" "$guest_boot"
  else
    guest_boot=$work/boot.cpio.gz
  fi
}

# plain_kernel: sets guest_kernel to the uncompressed kernel, where it can be had. A guest under software emulation
# takes one to three seconds to unpack it itself, each time.
plain_kernel() {
  local stamp header offset length magic unpack
  guest_kernel=$kernel_image
  stamp=$(stat -c %Y.%s "$kernel_image" | cksum)
  local plain=$RIG_CACHE/boot/vmlinux-$kernel_release-${stamp%% *}
  if [ ! -s "$plain" ]; then
    # The header of the x86 boot protocol: setup sectors at 0x1f1, the payload's offset and length at 0x248.
    header=$(od -An -tu1 -j 497 -N 1 "$kernel_image") && offset=$(((header + 1) * 512)) || return 0
    read -r header length < <(od -An -tu4 -j 584 -N 8 "$kernel_image") || return 0
    offset=$((offset + header))
    magic=$(od -An -tx1 -j $offset -N 4 "$kernel_image" | tr -d ' ')
    case $magic in
      fd377a58) unpack='xz -dc --single-stream' ;;
      28b52ffd) unpack='zstd -qdc' ;;
      *) return 0 ;;
    esac
    command -v "${unpack%% *}" >/dev/null && mkdir -p "$RIG_CACHE/boot" 2>/dev/null || return 0
    # The last four bytes are the unpacked length, of no meaning to the unpacker.
    # shellcheck disable=SC2086
    tail -c +$((offset + 1)) "$kernel_image" | head -c $((length - 4)) | $unpack >"$plain.$$" 2>/dev/null || true
    if [ "$(od -An -tx1 -N 4 "$plain.$$" | tr -d ' ')" != 7f454c46 ] || [ "$(stat -c %s "$plain.$$")" != "$(payload_size)" ]; then
      rm -f "$plain.$$"
      return 0
    fi
    mv -f "$plain.$$" "$plain"
  fi
  guest_kernel=$plain
}

# payload_size: the unpacked length according to the kernel image, with offset and length of plain_kernel.
payload_size() { od -An -tu4 -j $((offset + length - 4)) -N 4 "$kernel_image" | tr -d ' '; }

# initramfs: sets guest_initrd from the cached part and what is particular to this run. The part of the run comes
# first, being uncompressed and therefore of a length that keeps the alignment the kernel wants.
initramfs() {
  local folder=$work/particular
  mkdir -p "$folder/verbena"
  cp "$here/lib/guest-init" "$folder/init"
  chmod 755 "$folder/init"
  cp "$here/lib/guest-start" "$here/lib/fabric.sh" "$folder/verbena/"
  [ ! -e "$work/settings" ] || cp "$work/settings" "$folder/verbena/settings"
  boot_image
  plain_kernel
  guest_initrd=$work/initrd
  { cpio_folder "$folder" && cat "$guest_boot"; } >"$guest_initrd"
}

machine_arguments() { # ACCEL CPUS MEMORY
  machine=(qemu-system-x86_64 -nodefaults -no-user-config -display none -monitor none -no-reboot -nic none
    -machine pc -smp "$2" -m "$3" -kernel "$guest_kernel" -serial "file:$work/console.log")
  guest_append="console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on"
  if [ "$1" = kvm ]; then
    machine+=(-accel kvm -cpu host)
  else
    # Without these two the guest's clock is the emulated HPET, at a microsecond and more for each reading.
    guest_append="$guest_append tsc=reliable clocksource=tsc"
    machine+=(-accel "tcg,thread=multi,tb-size=1024" -cpu max)
  fi
}

# kvm_works: whether KVM on this machine gets our kernel as far as its first process. /dev/kvm can be there and
# writable, and still leave a guest standing at its first instruction: only trying tells. The verdict holds until
# the machine is booted again.
kvm_works() {
  local boot verdict file=$RIG_CACHE/kvm-verdict machine guest_append
  [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
  read -r boot </proc/sys/kernel/random/boot_id
  mkdir -p "$RIG_CACHE" 2>/dev/null || file=$work/kvm-verdict
  exec {kvm_lock}>"$file.lock"
  flock -w 30 "$kvm_lock" || true
  read -r verdict 2>/dev/null <"$file" || verdict=
  case $verdict in
    "$boot works") verdict=works ;;
    "$boot fails") verdict=fails ;;
    *)
      say "trying KVM for up to $KVM_PROBE_SECONDS seconds"
      initramfs
      machine_arguments kvm 1 512M
      verdict=fails
      (
        exec >/dev/null 2>&1 </dev/null
        setpriv --pdeathsig KILL timeout -s KILL $KVM_PROBE_SECONDS setpriv --pdeathsig KILL "${machine[@]}" \
          -initrd "$guest_initrd" -append "$guest_append verbena.probe"
      ) &
      wait $! 2>/dev/null || true
      ! grep -q 'rig: the kernel runs' "$work/console.log" 2>/dev/null || verdict=works
      rm -f "$work/console.log"
      echo "$boot $verdict" >"$file"
      say "KVM $verdict here"
      ;;
  esac
  exec {kvm_lock}>&-
  [ "$verdict" = works ]
}

passthru_arguments() {
  local i
  for i in 1 2 3; do
    truncate -s 256M "$work/nvme$i.img"
    machine+=(-drive "file=$work/nvme$i.img,if=none,id=drive$i,format=raw,cache=unsafe")
  done
  machine+=(-device "nvme,id=nvme0,serial=verbena0,mdts=7"
    -device "nvme-ns,drive=drive1,bus=nvme0,nsid=1,logical_block_size=4096,physical_block_size=4096"
    -device "nvme-ns,drive=drive2,bus=nvme0,nsid=2,zoned=true,zoned.zone_size=16M,zoned.max_active=8,zoned.max_open=8"
    -device "nvme-ns,drive=drive3,bus=nvme0,nsid=3,ms=8,pi=1")
}

# start_guest: QEMU under a keeper that ends it, and clears up, even when rig/run itself is killed outright.
start_guest() {
  machine+=(-initrd "$guest_initrd" -append "$guest_append"
    -virtfs "local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on"
    -virtfs "local,path=${out//,/,,},mount_tag=out,security_model=none,multidevs=remap"
    -device "virtio-serial-pci,max_ports=4"
    -chardev "file,id=control,path=$work/control" -device "virtserialport,chardev=control,name=verbena.control"
    -chardev "file,id=stdout,path=$work/stdout" -device "virtserialport,chardev=stdout,name=verbena.stdout"
    -chardev "file,id=stderr,path=$work/stderr" -device "virtserialport,chardev=stderr,name=verbena.stderr")
  mkfifo "$work/control" "$work/stdout" "$work/stderr"
  exec {control}<>"$work/control"
  relay stdout &
  pumps=($!)
  relay stderr >&2 &
  pumps+=($!)
  # shellcheck disable=SC2016
  setpriv --pdeathsig TERM bash -c '
    exec 2>/dev/null
    work=$1 && shift
    trap "kill -KILL \$vm; wait \$vm; rm -rf \"\$work\"; exit 0" TERM
    setpriv --pdeathsig KILL "$@" >"$work/qemu.log" 2>&1 </dev/null & vm=$!
    wait $vm
    echo "gone $?" >"$work/control"' keeper "$work" "${machine[@]}" &
  keeper=$!
}

# relay STREAM: one of the guest's output streams to our standard output; says on the control pipe how it ended.
relay() {
  local status=0
  perl "$here/lib/pump.pl" "$token" <"$work/$1" || status=$?
  echo "end $1 $status" >"$work/control"
}

end_guest() {
  [ -z "${keeper:-}" ] || { kill -TERM "$keeper" 2>/dev/null && wait "$keeper" 2>/dev/null; } || true
  [ ${#pumps[@]} = 0 ] || kill -KILL "${pumps[@]}" 2>/dev/null || true
}

# guest_faults: what the guest's kernel said of its own failing.
guest_faults() {
  local faults
  faults=$(grep -aE -m 5 'Kernel panic|BUG:|Oops:|general protection fault|blocked for more than' "$work/console.log" 2>/dev/null | tr -d '\r') || return 0
  complain "the guest's kernel reported:"
  printf '    %s\n' "${faults//$'\n'/$'\n    '}" >&2
}

show_log() {
  guest_faults
  complain "the end of the guest's console log:"
  tail -n 40 "$work/console.log" 2>/dev/null | tr -d '\r' | sed 's/^/    /' >&2
  if [ -s "$work/qemu.log" ]; then
    complain "what QEMU said:"
    tail -n 10 "$work/qemu.log" | sed 's/^/    /' >&2
  fi
}

# watch_guest LIMIT: follows the guest to its end and sets status. LIMIT in seconds from the start of this script.
watch_guest() {
  local word first second left ended=0 command_status=
  status=
  while [ -z "$status" ]; do
    left=$(($1 - SECONDS))
    if [ $left -le 0 ] || ! read -r -t $left -u "$control" word first second; then
      complain "time limit of $1 s reached: ending the guest"
      show_log
      status=$STATUS_TIMEOUT
      break
    fi
    case $word in
      ready) say "guest ready after $SECONDS s" ;;
      exit) command_status=$first ;;
      cannot)
        complain "the guest cannot $first $second"
        show_log
        status=$STATUS_RIG
        ;;
      end)
        ended=$((ended + 1))
        if [ "$second" = 4 ]; then status=$STATUS_PIPE; fi
        ;;
      gone)
        complain "the guest ended without a word (QEMU status $first)"
        show_log
        status=$STATUS_RIG
        ;;
    esac
    if [ -z "$status" ] && [ -n "$command_status" ] && [ $ended = 2 ]; then status=$command_status; fi
  done
}
