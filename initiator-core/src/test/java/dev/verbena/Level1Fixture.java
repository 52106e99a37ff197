package dev.verbena;

import dev.verbena.fakes.FakeDisk;
import dev.verbena.fakes.FakeFabricGroup;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.FakeTarget;
import dev.verbena.fakes.FakeTransport;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// A controller over fakes that has every NVM command, and a queue of it.
final class Level1Fixture implements AutoCloseable {
    /// A completion.
    record Done(long token, int status) {}

    static final int ONCS_ALL = 0x18F;

    final FakeMemoryDomain memory = new FakeMemoryDomain();
    final FakeTarget target = new FakeTarget(memory, 1024);
    final FakeDisk disk = new FakeDisk(memory, target);
    final FakeTransport transport = new FakeTransport(memory, target);
    final List<Done> done = new ArrayList<>();
    final List<Long> expired = new ArrayList<>();
    final Controller controller;
    final Namespace namespace;
    final IoQueue queue;
    final DmaArena arena;
    final FakeFabricQueue fabric;
    final CompletionHandler handler =
            new CompletionHandler() {
                @Override
                public void completed(long token, int status, long result) {
                    done.add(new Done(token, status));
                }

                @Override
                public void expired(long token) {
                    expired.add(token);
                }
            };

    private Level1Fixture(Consumer<Level1Fixture> setUp, UnaryOperator<ConnectOptions> change)
            throws IOException {
        target.identify(520, ONCS_ALL, 2);
        target.identify(522, 1, 2); // FUSES
        target.identify(534, 15, 2); // OCFS
        target.identify(1803, 1, 1); // MSDBD
        target.namespace(74, 64, 2); // MSSRL
        target.namespace(76, 100, 4); // MCL
        target.namespace(80, 3, 1); // MSRC
        target.intercept(disk);
        setUp.accept(this);
        ConnectOptions options =
                change.apply(
                        ConnectOptions.defaults()
                                .withIoQueues(2)
                                .withQueueSize(9)
                                .withKeepAliveTimeout(Duration.ZERO)
                                .withIoTimeout(Duration.ofSeconds(60)));
        controller =
                Controller.connect(
                        transport,
                        new AssociationParameters(
                                Nqn.of("nqn.2024-01.org.example:disk"),
                                HostIdentity.generate(),
                                options,
                                options.keepAliveTimeout()),
                        c -> {});
        namespace = controller.namespace(1);
        queue = controller.openQueue();
        arena = controller.newArena(1 << 20);
        fabric = transport.queues().get(1);
    }

    static Level1Fixture open() throws IOException {
        return open(f -> {});
    }

    static Level1Fixture open(Consumer<Level1Fixture> setUp) throws IOException {
        return open(setUp, options -> options);
    }

    static Level1Fixture open(Consumer<Level1Fixture> setUp, UnaryOperator<ConnectOptions> change)
            throws IOException {
        return new Level1Fixture(setUp, change);
    }

    /// What is below a group.
    static FakeFabricGroup fabricOf(QueueGroup group) {
        return (FakeFabricGroup) group.fabric();
    }

    void poll() {
        queue.poll(handler);
    }

    /// Polls, and takes the only completion there is.
    int status() {
        poll();
        poll();
        if (done.size() != 1) {
            throw new AssertionError("Completions: " + done);
        }
        return done.removeFirst().status();
    }

    static byte[] pattern(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    /// DMA memory with content.
    MemorySegment filled(int bytes, long seed) {
        return arena.allocate(bytes, 64).copyFrom(MemorySegment.ofArray(pattern(bytes, seed)));
    }

    static byte[] bytes(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }

    SentCapsule lastSent() {
        return Objects.requireNonNull(fabric.lastSent());
    }

    @Override
    public void close() {
        queue.close();
        arena.close();
        controller.close();
        if (transport.openAtClose() != 0 || memory.registeredCount() != 0) {
            throw new AssertionError(
                    transport.openAtClose()
                            + " queues, "
                            + memory.registeredCount()
                            + " registrations are left");
        }
    }
}
