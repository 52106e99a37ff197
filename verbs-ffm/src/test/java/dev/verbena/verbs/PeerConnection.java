package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;

/// A connection from this process to the one of a [PeerProcess].
final class PeerConnection implements AutoCloseable {
    final Side side;

    /// The peer's memory of [Side#MEMORY_BYTES], as it said when it accepted.
    final long address;

    final int key;

    private final PeerProcess process;
    private final EventChannel events = EventChannel.open();

    PeerConnection(PeerProcess process) {
        this.process = process;
        process.say("connect");
        CmId id = events.createId();
        id.resolveAddress(null, process.address(), Loopback.TIMEOUT_MILLIS);
        expect(CmEvent.AddressResolved.class);
        // Four times 67 ms, so that a peer that was killed is noticed by its silence as well.
        id.ackTimeout(14);
        id.resolveRoute(Loopback.TIMEOUT_MILLIS);
        expect(CmEvent.RouteResolved.class);
        side = new Side(id, LoopbackOptions.defaults());
        id.connect(Loopback.parameters(7));
        CmEvent.Established established = expect(CmEvent.Established.class);
        ByteBuffer memory = ByteBuffer.wrap(established.privateData());
        address = memory.getLong();
        key = memory.getInt();
        side.established(established);
        assertThat(process.answer()).isEqualTo("connected");
    }

    <T extends CmEvent> T expect(Class<T> type) {
        CmEvent event = events.poll(Loopback.EVENT_NANOS);
        assertThat(event).isInstanceOf(type);
        return type.cast(event);
    }

    /// Has the peer do something.
    ///
    /// @return its answer
    String ask(String command) {
        process.say(command);
        return process.answer();
    }

    /// Has the peer do something, which must go well.
    void tell(String command) {
        assertThat(ask(command)).as(command).isEqualTo("ok");
    }

    /// Posts a slot of this side, which was prepared, against the peer's memory.
    void postRemote(int slot, int peerOffset) {
        side.sends.remote(slot, address + peerOffset, key);
        side.post(slot);
    }

    @Override
    public void close() {
        Lifecycle.all(
                () -> {
                    if (process.isAlive()) {
                        process.say("bye");
                    }
                },
                side.id::disconnect,
                side::close,
                events::close,
                () -> {
                    if (process.isAlive() && !process.answer().equals("closed")) {
                        throw new IllegalStateException("the peer did not close");
                    }
                });
    }
}
