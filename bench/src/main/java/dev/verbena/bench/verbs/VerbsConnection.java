package dev.verbena.bench.verbs;

import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.EventChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/// The steps of the connection manager, one after the other.
final class VerbsConnection {
    private static final int STEP_MILLIS = 30_000;

    private VerbsConnection() {}

    /// Address and route to a peer.
    static void resolve(EventChannel events, CmId id, InetSocketAddress peer) throws IOException {
        id.resolveAddress(null, peer, STEP_MILLIS);
        expect(events, CmEvent.AddressResolved.class);
        id.resolveRoute(STEP_MILLIS);
        expect(events, CmEvent.RouteResolved.class);
    }

    static <T extends CmEvent> T expect(EventChannel events, Class<T> type) throws IOException {
        return expect(events, type, STEP_MILLIS);
    }

    static <T extends CmEvent> T expect(EventChannel events, Class<T> type, long millis)
            throws IOException {
        CmEvent event = events.poll(TimeUnit.MILLISECONDS.toNanos(millis));
        if (!type.isInstance(event)) {
            throw new IOException("expected " + type.getSimpleName() + ", got " + event);
        }
        return type.cast(event);
    }
}
