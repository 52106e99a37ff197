"""The options of rig/spdk up, and what they make. Imported, never run."""

import os
import re

from spdk_target import Problem, State

ANA_STATES = ("optimized", "non-optimized", "inaccessible")
# SPDK raises anything less: room for 16 data descriptors.
LEAST_INLINE = 256
# MiB that the pools below and the receive buffers of 16 KiB of in-capsule data fit into.
LEAST_MEMORY = 256
DEFAULT_SIZE = "256M"


def number(name, text, lowest, highest):
    if not re.fullmatch("[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise Problem(2, "%s '%s' is not a number from %d to %d" % (name, text, lowest, highest))
    return int(text)


def size(text):
    match = re.fullmatch("([1-9][0-9]{0,12})([KMG]?)", text)
    if not match:
        raise Problem(2, "'%s' is not a size such as 1048576, 64K, 256M or 1G" % text)
    value = int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2]]
    if value % 4096:
        raise Problem(2, "size %s is not a multiple of 4096 bytes" % text)
    return value


def switch(text):
    if text not in ("0", "1"):
        raise Problem(2, "'%s' is neither 0 nor 1" % text)
    return text == "1"


def ana_state(text):
    if text not in ANA_STATES:
        raise Problem(2, "'%s' is no ANA state that SPDK has (%s)" % (text, ", ".join(ANA_STATES)))
    return text


def choice(name, text, *known):
    if text not in known:
        raise Problem(2, "%s '%s' is none of %s" % (name, text, ", ".join(known)))
    return text


def referral(text):
    match = re.fullmatch(r"\[([^]]+)\](?::([0-9]+))?", text) or re.fullmatch(r"([^:]+)(?::([0-9]+))?", text)
    address, service = (match[1], match[2]) if match else (text, None)
    service = str(number("service of --referral " + text, service or "4420", 1, 65535))
    family = "IPv6" if ":" in address else "IPv4"
    return {"trtype": "RDMA", "adrfam": family, "traddr": address, "trsvcid": service}


class Options:
    """The options of up."""

    def __init__(self, arguments):
        self.given = {"--allow-host": [], "--referral": [], "--ana-group": [], "--layer": []}
        flags = ("--ipv6", "--no-srq", "--persist", "--poll", "--freezable")
        single = "address port port-id subsystems namespaces nqn size max-size inline max-queue-size qid-max disk"
        single += " block-size srq-depth buffers data-wrs crdt min-kato memory"
        known = {"--" + name for name in single.split()}
        left = list(arguments)
        while left:
            option = left.pop(0)
            if option in flags:
                self.given[option] = True
                continue
            if option not in known and option not in self.given:
                raise Problem(2, "unknown argument '%s' (rig/spdk --help)" % option)
            if not left:
                raise Problem(2, "%s needs a value" % option)
            if option in known:
                self.given[option] = left.pop(0)
            else:
                self.given[option].append(left.pop(0))

    def text(self, name, default=None):
        return self.given.get(name, default)

    def number(self, name, default, lowest, highest):
        return number(name, str(self.given.get(name, default)), lowest, highest)

    def address(self):
        if self.text("--ipv6"):
            default = os.environ.get("VERBENA_RIG_ADDRESS6", "fd10:9::1")
        else:
            default = os.environ.get("VERBENA_RIG_ADDRESS", "10.9.0.1")
        return self.text("--address", default)

    def transport(self):
        options = {
            "max_queue_depth": self.number("--max-queue-size", 128, 16, 1024),
            "in_capsule_data_size": self.number("--inline", 4096, LEAST_INLINE, 65536),
        }
        for name, field, lowest in (
            ("--qid-max", "max_io_qpairs_per_ctrlr", 1),
            ("--srq-depth", "max_srq_depth", 16),
            ("--data-wrs", "data_wr_pool_size", 1),
            ("--min-kato", "min_kato", 1),
        ):
            if name in self.given:
                options[field] = self.number(name, "", lowest, 1 << 20)
        if self.text("--no-srq"):
            options["no_srq"] = True
        return options

    def layers(self):
        layers = [choice("--layer", layer, "error", "delay", "zone") for layer in self.given["--layer"]]
        return ["error"] + layers if self.text("--freezable") and "error" not in layers else layers

    def memory(self):
        """In MiB. All of it is registered with the RDMA device at the start, which takes its time under emulation."""
        disks = 0
        if self.text("--disk") == "malloc":
            count = self.number("--subsystems", 1, 1, 128) * self.number("--namespaces", 1, 1, 128)
            disks = count * size(self.text("--size", DEFAULT_SIZE)) >> 20
        return self.number("--memory", LEAST_MEMORY + disks, 128, 65536)

    def all(self):
        small, _, large = self.text("--buffers", "2047:255").partition(":")
        crdt = self.text("--crdt")
        return {
            "transport": self.transport(),
            "layers": self.layers(),
            "disk": choice("--disk", self.text("--disk", "file"), "file", "malloc", "null"),
            "block": self.number("--block-size", 512, 512, 4096),
            "zone": 16 << 20,
            "small": number("--buffers", small, 64, 65536),
            "large": number("--buffers", large, 8, 8192),
            "crdt": [number("--crdt", value, 0, 65535) for value in crdt.split(",")] if crdt else [],
            "persist": bool(self.text("--persist")),
            "poll": bool(self.text("--poll")),
            "memory": self.memory(),
            "referrals": [referral(text) for text in self.given["--referral"]],
        }


def new_state(options):
    prefix = options.text("--nqn", "nqn.2016-06.io.spdk:cnode")
    port, states = str(options.number("--port-id", 1, 1, 65535)), {}
    for group in options.given["--ana-group"]:
        name, _, state = group.partition("=")
        states[str(number("--ana-group", name, 1, 128))] = ana_state(state)
    namespace_bytes = size(options.text("--size", DEFAULT_SIZE))
    hosts = options.given["--allow-host"]
    subsystems = {}
    for s in range(1, options.number("--subsystems", 1, 1, 128) + 1):
        namespaces = {}
        for n in range(1, options.number("--namespaces", 1, 1, 128) + 1):
            group = n if str(n) in states else 1
            namespace = {"id": [s, n, 0], "remapped": 0, "bytes": namespace_bytes, "ana": group, "on": True}
            namespaces[str(n)] = namespace
        subsystems["%s%d" % (prefix, s)] = {
            "serial": "VERBENA%013d" % s,
            "any": not hosts,
            "hosts": {host: [] for host in hosts},
            "namespaces": namespaces,
            "ports": [port],
        }
    service = str(options.number("--port", 4430, 1, 65535))
    ports = {port: {"address": options.address(), "service": service, "ana": states}}
    return State({"options": options.all(), "subsystems": subsystems, "ports": ports, "pid": None, "keys": 0})
