"""The verbs of rig/spdk. Imported, never run."""

import json
import os
import signal
import time

from spdk_options import Options, ana_state, choice, new_state, number, size, switch
from spdk_target import DISKS, IMAGE, IMAGE_BYTES, KEYS, LOG, RECORD, Problem, Rpc, State, alive, path

GONE_SECONDS = 60


def tree():
    """The tree of SPDK that the user names."""
    build = os.environ.get("VERBENA_SPDK", "")
    if not build:
        raise Problem(1, "set VERBENA_SPDK to a source tree of SPDK with its programs built: see docs/rig.md")
    if not os.access(build + "/build/bin/nvmf_tgt", os.X_OK):
        raise Problem(1, "VERBENA_SPDK=%s has no build/bin/nvmf_tgt: see docs/rig.md" % build)
    return build


def run(*command):
    # Under software emulation a module costs a verb that does not need it a tenth of a second and more.
    import subprocess

    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Problem(1, "%s: %s" % (" ".join(command), done.stdout.decode(errors="replace").strip()))


def make_file(namespace):
    with open(path(namespace), "ab") as file:
        file.truncate(namespace["bytes"])


def up(*arguments):
    state = new_state(Options(arguments))
    if os.path.exists(RECORD):
        raise Problem(1, "an SPDK target is up already: rig/spdk down first")
    build = tree()
    os.makedirs(KEYS, 0o700)
    # Half a target helps nobody: what fails from here on takes back what was made.
    try:
        state.save()
        if state.options["disk"] == "file":
            with open(IMAGE, "wb") as file:
                file.truncate(IMAGE_BYTES)
            run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", "-N", "1024", IMAGE)
            os.mkdir(DISKS)
            run("modprobe", "-a", "loop", "ext4")
            run("mount", "-o", "loop", IMAGE, DISKS)
            for subsystem in state.subsystems.values():
                for namespace in subsystem["namespaces"].values():
                    make_file(namespace)
        state.start(build)
    except BaseException:
        down()
        raise


def end(state, number_of_signal):
    """Ends the process and waits until it has gone."""
    if not state.running():
        return
    pid = state.data["pid"]
    os.kill(pid, number_of_signal)
    if number_of_signal != signal.SIGKILL:
        # One that was paused cannot hear it.
        os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + GONE_SECONDS
    while alive(pid):
        if time.monotonic() > deadline:
            raise Problem(1, "nvmf_tgt (process %d) did not end in %d s" % (pid, GONE_SECONDS))
        time.sleep(0.05)


def down():
    if not os.path.exists(RECORD):
        return
    try:
        end(State.load(), signal.SIGKILL)
    except Problem as problem:
        if problem.status != 3:
            raise
    if os.path.ismount(DISKS):
        run("umount", DISKS)
    import shutil

    if os.environ.get("RIG_OUT") and os.path.exists(LOG):
        with open(LOG, "rb") as log, open(os.environ["RIG_OUT"] + "/spdk.log", "ab") as kept:
            shutil.copyfileobj(log, kept)
    shutil.rmtree(RECORD)


def status():
    state = State.load()
    for nqn, subsystem in state.subsystems.items():
        for nsid, namespace in subsystem["namespaces"].items():
            device = path(namespace) if state.options["disk"] == "file" else "-"
            print("namespace", nqn, nsid, device, namespace["bytes"], "on" if namespace["on"] else "off")
    transport = state.options["transport"]
    for port, here in state.ports.items():
        linked = ",".join(nqn for nqn, subsystem in state.subsystems.items() if port in subsystem["ports"])
        numbers = transport["in_capsule_data_size"], transport["max_queue_depth"]
        print("port", port, here["address"], here["service"], *numbers, linked or "-")


def link(nqn, port="1"):
    state = State.load()
    ports = state.subsystem(nqn)["ports"]
    state.port(port)
    if port not in ports:
        ports.append(port)
        state.apply(state.link_calls(nqn, port))
        state.save()


def unlink(nqn, port="1"):
    state = State.load()
    ports = state.subsystem(nqn)["ports"]
    state.port(port)
    if port in ports:
        ports.remove(port)
        state.apply([("nvmf_subsystem_remove_listener", {"nqn": nqn, "listen_address": state.address(port)})])
        state.save()


def remove():
    state, calls = State.load(), []
    for nqn, subsystem in state.subsystems.items():
        for port in subsystem["ports"]:
            calls.append(("nvmf_subsystem_remove_listener", {"nqn": nqn, "listen_address": state.address(port)}))
        subsystem["ports"] = []
    state.apply(calls)
    state.save()


def allow(nqn, host):
    state = State.load()
    hosts = state.subsystem(nqn)["hosts"]
    if host not in hosts:
        hosts[host] = []
        state.apply(state.host_calls(nqn, host))
        state.save()


def disallow(nqn, host):
    state = State.load()
    if host in state.subsystem(nqn)["hosts"]:
        keys = state.subsystem(nqn)["hosts"].pop(host)
        calls = [("nvmf_subsystem_remove_host", {"nqn": nqn, "host": host})]
        state.apply(calls + [("keyring_file_remove_key", {"name": name}) for name in keys])
        state.save()


def any_host(nqn, value):
    state = State.load()
    state.subsystem(nqn)["any"] = switch(value)
    state.apply([("nvmf_subsystem_allow_any_host", {"nqn": nqn, "allow_any_host": switch(value)})])
    state.save()


def dhchap(nqn, host, *secrets):
    any_host(nqn, "0")
    disallow(nqn, host)
    state = State.load()
    names = []
    for secret in secrets:
        state.data["keys"] += 1
        names.append("key%d" % state.data["keys"])
        with os.fdopen(os.open(KEYS + "/" + names[-1], os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secret)
    state.subsystem(nqn)["hosts"][host] = names
    state.apply(state.host_calls(nqn, host))
    state.save()


def restart_with(field, value):
    state = State.load()
    state.options["transport"][field] = value
    if state.running():
        build = tree()
        end(state, signal.SIGKILL)
        state.start(build)
    state.save()


def qid_max(nqn, value):
    State.load().subsystem(nqn)
    restart_with("max_io_qpairs_per_ctrlr", number("number of queues", value, 1, 128))


def queue_size(port, value):
    State.load().port(port)
    restart_with("max_queue_depth", number("queue size", value, 16, 1024))


def ns_enable(nqn, nsid, value):
    state = State.load()
    namespace, on = state.namespace(nqn, nsid), switch(value)
    if namespace["on"] != on:
        namespace["on"] = on
        gone = ("nvmf_subsystem_remove_ns", {"nqn": nqn, "nsid": int(nsid)})
        state.apply([state.namespace_call(nqn, nsid) if on else gone])
        state.save()


def ns_replace(nqn, nsid):
    state = State.load()
    namespace = state.namespace(nqn, nsid)
    calls = [("nvmf_subsystem_remove_ns", {"nqn": nqn, "nsid": int(nsid)})] if namespace["on"] else []
    # The old disk stays where it is until down: another generation has another name.
    namespace["id"][2] += 1
    namespace["on"] = True
    if state.options["disk"] == "file":
        make_file(namespace)
    state.apply(calls + state.disk_calls(namespace) + [state.namespace_call(nqn, nsid)])
    state.save()


def ns_remap(nqn, nsid):
    state = State.load()
    namespace = state.namespace(nqn, nsid)
    namespace["remapped"] += 1
    if namespace["on"]:
        state.apply([("nvmf_subsystem_remove_ns", {"nqn": nqn, "nsid": int(nsid)}), state.namespace_call(nqn, nsid)])
    state.save()


def ns_resize(nqn, nsid, text):
    state = State.load()
    namespace = state.namespace(nqn, nsid)
    wanted = size(text)
    if state.options["disk"] != "file" or state.options["layers"] or wanted < namespace["bytes"]:
        raise Problem(1, "ns-resize: SPDK can only let a file grow, with no layer on top")
    namespace["bytes"] = wanted
    make_file(namespace)
    state.apply([("bdev_aio_rescan", {"name": state.names(namespace)[0]})])
    state.save()


def ana(port, group, value):
    state = State.load()
    here = state.port(port)
    here["ana"][str(number("ANA group", group, 1, 128))] = ana_state(value)
    calls = []
    for nqn, subsystem in state.subsystems.items():
        if port in subsystem["ports"]:
            calls += [call for call in state.link_calls(nqn, port)[1:] if call[1]["anagrpid"] == int(group)]
    state.apply(calls)
    state.save()


def add_port(port, address, service="4430"):
    state = State.load()
    number("port id", port, 1, 65535)
    if port in state.ports:
        raise Problem(1, "port %s exists already" % port)
    service = str(number("service", service, 1, 65535))
    state.ports[port] = {"address": address, "service": service, "ana": {}}
    state.save()
    for nqn in state.subsystems:
        link(nqn, port)


def remove_port(port):
    state = State.load()
    state.port(port)
    for nqn in state.subsystems:
        unlink(nqn, port)
    state = State.load()
    del state.ports[port]
    state.save()


def layer_name(state, nqn, nsid, kind):
    if kind not in state.options["layers"]:
        raise Problem(1, "bring the target up with --layer %s" % kind)
    return state.names(state.namespace(nqn, nsid))[1 + state.options["layers"].index(kind)]


def call(state, method, **params):
    if not state.running():
        raise Problem(1, "the SPDK target does not run: rig/spdk start")
    return Rpc().call(method, **params)


def inject(nqn, nsid, io_type, error, *more):
    state = State.load()
    # Without a number SPDK makes one request fail: here it is all of them.
    params = {"num": (1 << 32) - 1}
    for setting in more:
        key, _, value = setting.partition("=")
        choice("inject", key, "nvme_sct", "nvme_sc", "num", "queue_depth", "corrupt_offset", "corrupt_value")
        params[key] = number(key, value, 0, (1 << 32) - 1)
    name = layer_name(state, nqn, nsid, "error")
    if io_type == "clear":
        params = {}
    call(state, "bdev_error_inject_error", name=name, io_type=io_type, error_type=error, **params)


def resume(nqn, nsid):
    state = State.load()
    call(state, "bdev_error_resume_pending", name=layer_name(state, nqn, nsid, "error"))


def freeze(nqn, nsid, value):
    if switch(value):
        inject(nqn, nsid, "all", "pending")
    else:
        inject(nqn, nsid, "clear", "failure")
        resume(nqn, nsid)


def latency(nqn, nsid, kind, microseconds):
    state = State.load()
    name = layer_name(state, nqn, nsid, "delay")
    value = number("latency", microseconds, 0, 10**9 - 1)
    choice("latency of", kind, "read", "write")
    for part in ("p99_", "avg_"):
        call(state, "bdev_delay_update_latency", delay_bdev_name=name, latency_type=part + kind, latency_us=value)


def signalled(number_of_signal, ends):
    def verb():
        state = State.load()
        if ends:
            end(state, number_of_signal)
        elif state.running():
            os.kill(state.data["pid"], number_of_signal)
        else:
            raise Problem(1, "the SPDK target does not run: rig/spdk start")

    return verb


def start():
    state = State.load()
    state.start(tree())


def rpc_call(method, text="{}"):
    try:
        params = json.loads(text)
    except ValueError as error:
        raise Problem(2, "the parameters are no JSON: %s" % error) from None
    print(json.dumps(call(State.load(), method, **params), indent=1))


# Each with the least and the most number of its arguments.
VERBS = {
    "up": (up, 0, None),
    "down": (down, 0, 0),
    "status": (status, 0, 0),
    "link": (link, 1, 2),
    "unlink": (unlink, 1, 2),
    "remove": (remove, 0, 0),
    "allow": (allow, 2, 2),
    "disallow": (disallow, 2, 2),
    "any-host": (any_host, 2, 2),
    "dhchap": (dhchap, 3, 4),
    "qid-max": (qid_max, 2, 2),
    "queue-size": (queue_size, 2, 2),
    "ns-enable": (ns_enable, 3, 3),
    "ns-remap": (ns_remap, 2, 2),
    "freeze": (freeze, 3, 3),
    "ns-replace": (ns_replace, 2, 2),
    "ns-resize": (ns_resize, 3, 3),
    "ana": (ana, 3, 3),
    "add-port": (add_port, 2, 3),
    "remove-port": (remove_port, 1, 1),
    "inject": (inject, 4, None),
    "resume": (resume, 2, 2),
    "latency": (latency, 4, 4),
    "stop": (signalled(signal.SIGTERM, True), 0, 0),
    "kill": (signalled(signal.SIGKILL, True), 0, 0),
    "pause": (signalled(signal.SIGSTOP, False), 0, 0),
    "continue": (signalled(signal.SIGCONT, False), 0, 0),
    "start": (start, 0, 0),
    "rpc": (rpc_call, 1, 2),
}
