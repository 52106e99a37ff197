"""What rig/spdk keeps about its target, and how that is told to SPDK. Imported, never run."""

import json
import os
import socket
import time

RECORD = "/run/verbena-spdk"
STATE = RECORD + "/state.json"
SOCKET = RECORD + "/rpc.sock"
CONFIG = RECORD + "/config.json"
LOG = RECORD + "/log"
KEYS = RECORD + "/keys"
# A file system for the disks: SPDK wants direct I/O, holes and zeroing of its files, of which a tmpfs has a part.
IMAGE = RECORD + "/image"
DISKS = RECORD + "/disks"
# Taken only as it is written.
IMAGE_BYTES = 16 << 30
DISCOVERY = "nqn.2014-08.org.nvmexpress.discovery"
# Under software emulation, beside other work.
START_SECONDS = 180
# In UUIDs, above those of bdevs.
NAMESPACE_LEVEL = 16
CALL_SECONDS = 120


class Problem(Exception):
    """What the user is told, with the exit status."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Rpc:
    """A connection to the target's JSON-RPC socket."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(CALL_SECONDS)
        self.socket.connect(SOCKET)
        self.count = 0
        self.rest = ""

    def call(self, method, **params):
        self.count += 1
        request = {"jsonrpc": "2.0", "id": self.count, "method": method}
        if params:
            request["params"] = params
        self.socket.sendall(json.dumps(request).encode())
        answer = self.answer(method)
        if "error" in answer:
            error = answer["error"]
            raise Problem(1, "SPDK refuses %s: %s (%d)" % (method, error["message"], error["code"]))
        return answer["result"]

    def answer(self, method):
        # The stream has no marks: a document ends where it parses.
        while True:
            try:
                answer, end = json.JSONDecoder().raw_decode(self.rest)
                self.rest = self.rest[end:].lstrip()
                return answer
            except ValueError:
                pass
            try:
                more = self.socket.recv(1 << 16)
            except socket.timeout:
                raise Problem(1, "SPDK did not answer %s in %d s" % (method, CALL_SECONDS)) from None
            if not more:
                raise Problem(1, "SPDK ended during %s: see %s" % (method, LOG))
            self.rest += more.decode()


class State:
    """What up and the verbs have made. It outlives the target's process, so that a new one gets the same."""

    def __init__(self, data):
        self.data = data
        self.options = data["options"]
        self.subsystems = data["subsystems"]
        self.ports = data["ports"]

    @staticmethod
    def load():
        try:
            with open(STATE) as file:
                return State(json.load(file))
        except FileNotFoundError:
            raise Problem(3, "no SPDK target is up") from None

    def save(self):
        with open(STATE + ".new", "w") as file:
            json.dump(self.data, file)
        os.rename(STATE + ".new", STATE)

    def subsystem(self, nqn):
        if nqn not in self.subsystems:
            raise Problem(1, "no subsystem '%s' was made by rig/spdk up" % nqn)
        return self.subsystems[nqn]

    def namespace(self, nqn, nsid):
        subsystem = self.subsystem(nqn)
        if nsid not in subsystem["namespaces"]:
            raise Problem(1, "%s has no namespace '%s'" % (nqn, nsid))
        return subsystem["namespaces"][nsid]

    def port(self, port):
        if port not in self.ports:
            raise Problem(1, "no port '%s' was made by rig/spdk up" % port)
        return self.ports[port]

    def names(self, namespace):
        """Names of a namespace's bdevs, the storage first and each layer above it behind it."""
        name = "disk%d.%d.%d" % tuple(namespace["id"])
        names = [name]
        for layer in self.options["layers"]:
            # SPDK names an error bdev itself.
            name = ("EE_" if layer == "error" else layer + "_") + name
            names.append(name)
        return names

    def disk_calls(self, namespace):
        """The calls that make a namespace's bdevs."""
        names = self.names(namespace)
        block = self.options["block"]
        disk = {"name": names[0], "block_size": block, "uuid": uuid(namespace, 0)}
        if self.options["disk"] == "file":
            calls = [("bdev_aio_create", {**disk, "filename": path(namespace), "fallocate": True})]
        else:
            method = "bdev_%s_create" % self.options["disk"]
            calls = [(method, {**disk, "num_blocks": namespace["bytes"] // block})]
        for level, layer in enumerate(self.options["layers"], 1):
            base, name = names[level - 1], names[level]
            if layer == "error":
                calls.append(("bdev_error_create", {"base_name": base, "uuid": uuid(namespace, level)}))
            elif layer == "delay":
                latency = dict.fromkeys(
                    ("avg_read_latency", "p99_read_latency", "avg_write_latency", "p99_write_latency"), 0
                )
                calls.append(
                    (
                        "bdev_delay_create",
                        {"name": name, "base_bdev_name": base, "uuid": uuid(namespace, level), **latency},
                    )
                )
            else:
                zone = {"zone_capacity": self.options["zone"] // block, "optimal_open_zones": 8}
                calls.append(("bdev_zone_block_create", {"name": name, "base_bdev": base, **zone}))
        return calls

    def namespace_call(self, nqn, nsid):
        namespace = self.namespace(nqn, nsid)
        identity = uuid(namespace, NAMESPACE_LEVEL + namespace["remapped"])
        described = {
            "nsid": int(nsid),
            "bdev_name": self.names(namespace)[-1],
            "uuid": identity,
            "nguid": identity.replace("-", "").upper(),
            "anagrpid": namespace["ana"],
        }
        if self.options["persist"]:
            described["ptpl_file"] = "%s/reservations.%d.%d.%d" % (RECORD, *namespace["id"])
        return "nvmf_subsystem_add_ns", {"nqn": nqn, "namespace": described}

    def address(self, port):
        here = self.ports[port]
        family = "IPv6" if ":" in here["address"] else "IPv4"
        return {"trtype": "RDMA", "adrfam": family, "traddr": here["address"], "trsvcid": here["service"]}

    def link_calls(self, nqn, port):
        listen = {"nqn": nqn, "listen_address": self.address(port)}
        calls = [("nvmf_subsystem_add_listener", listen)]
        for group, state in self.ports[port]["ana"].items():
            calls.append(
                (
                    "nvmf_subsystem_listener_set_ana_state",
                    {**listen, "ana_state": state.replace("-", "_"), "anagrpid": int(group)},
                )
            )
        return calls

    def host_calls(self, nqn, host):
        keys, calls, params = self.subsystems[nqn]["hosts"][host], [], {"nqn": nqn, "host": host}
        for name, field in zip(keys, ("dhchap_key", "dhchap_ctrlr_key")):
            calls.append(("keyring_file_add_key", {"name": name, "path": "%s/%s" % (KEYS, name)}))
            params[field] = name
        return calls + [("nvmf_subsystem_add_host", params)]

    def configuration(self):
        """What nvmf_tgt reads at its start."""
        options = self.options
        pools = {"small_pool_count": options["small"], "large_pool_count": options["large"]}
        # Each of three layers keeps some for itself; what a small pool cannot give, SPDK does not start with.
        small, large = min(128, options["small"] // 8), min(16, options["large"] // 8)
        caches = {"iobuf_small_cache_size": small, "iobuf_large_cache_size": large}
        # SPDK's own 65,535 take seconds to make under emulation.
        disks, nvmf = [("bdev_set_options", {"bdev_io_pool_size": 4095, "bdev_io_cache_size": 64, **caches})], []
        accel = [("accel_set_options", {"small_cache_size": small, "large_cache_size": large})]
        if options["crdt"]:
            nvmf.append(("nvmf_set_crdt", dict(zip(("crdt1", "crdt2", "crdt3"), options["crdt"]))))
        nvmf.append(("nvmf_create_transport", {"trtype": "RDMA", **caches, **options["transport"]}))
        keys = []
        for nqn, subsystem in self.subsystems.items():
            make = {"nqn": nqn, "serial_number": subsystem["serial"], "model_number": "SPDK bdev Controller"}
            make.update(allow_any_host=subsystem["any"], ana_reporting=True, max_namespaces=128)
            nvmf.append(("nvmf_create_subsystem", make))
            for nsid, namespace in subsystem["namespaces"].items():
                disks += self.disk_calls(namespace)
                if namespace["on"]:
                    nvmf.append(self.namespace_call(nqn, nsid))
            for host in subsystem["hosts"]:
                calls = self.host_calls(nqn, host)
                keys += calls[:-1]
                nvmf.append(calls[-1])
            for port in subsystem["ports"]:
                nvmf += self.link_calls(nqn, port)
        for referral in options["referrals"]:
            nvmf.append(("nvmf_discovery_add_referral", {"address": referral}))
        parts = {"iobuf": [("iobuf_set_options", pools)], "keyring": keys, "accel": accel, "bdev": disks, "nvmf": nvmf}
        return {
            "subsystems": [
                {"subsystem": name, "config": [{"method": m, "params": p} for m, p in calls]}
                for name, calls in parts.items()
            ]
        }

    def running(self):
        return alive(self.data["pid"])

    def apply(self, calls):
        """Makes the calls if the target runs; what was changed is in the next start's configuration anyhow."""
        if not self.running():
            return
        rpc = Rpc()
        for method, params in calls:
            rpc.call(method, **params)

    def start(self, build):
        import subprocess

        if self.running():
            raise Problem(1, "the SPDK target runs already")
        for leftover in (SOCKET, SOCKET + ".lock"):
            if os.path.exists(leftover):
                os.unlink(leftover)
        with open(CONFIG, "w") as file:
            json.dump(self.configuration(), file, indent=1)
        command = [build + "/build/bin/nvmf_tgt", "-r", SOCKET, "-c", CONFIG, "-m", "0x1", "--no-pci"]
        command += ["--no-huge", "-s", str(self.options["memory"])]
        if not self.options["poll"]:
            command.append("--interrupt-mode")
        libraries = [build + "/build/lib", build + "/dpdk/build/lib", build + "/dpdk/lib"]
        environment = dict(os.environ, LD_LIBRARY_PATH=":".join(libraries))
        with open(LOG, "ab") as log:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.data["pid"] = process.pid
        self.save()
        deadline = time.monotonic() + START_SECONDS
        while True:
            # The socket answers once the whole configuration is made.
            try:
                Rpc().call("nvmf_get_transports")
                return
            except (OSError, Problem):
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                raise Problem(1, "nvmf_tgt did not start:\n" + tail())
            time.sleep(0.2)


def uuid(namespace, level):
    """Fixed, or a new process would show other identifiers for the same namespace."""
    return "7665726e-6265-4e61-8%03x-%04x%04x%04x" % (level, *namespace["id"])


def path(namespace):
    return "%s/disk%d.%d.%d" % (DISKS, *namespace["id"])


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (OSError, TypeError):
        return False


def tail():
    try:
        with open(LOG, errors="replace") as file:
            return "".join("    " + line for line in file.readlines()[-25:])
    except OSError:
        return "    (it said nothing)"
