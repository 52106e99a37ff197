package dev.verbena.internal.fabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.verbena.AddressUnreachableException;
import dev.verbena.ConnectFailedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DestinationTest {
    private final List<String> tried = new ArrayList<>();
    private List<String> meaning = List.of("192.0.2.1");
    private Set<String> reachable = Set.of("192.0.2.1");
    private boolean retryable = true;

    private final Destination destination =
            new Destination(
                    "storage:4420",
                    deadline -> meaning.stream().map(DestinationTest::address).toList());

    private static InetSocketAddress address(String text) {
        return new InetSocketAddress(InetAddress.ofLiteral(text), 4420);
    }

    private static Deadline later() {
        return Deadline.after(Duration.ofSeconds(30));
    }

    private String connect(int queueId) throws IOException {
        return destination.connect(queueId, null, later(), this::attempt);
    }

    private String attempt(InetSocketAddress address) throws IOException {
        String text = address.getAddress().getHostAddress();
        tried.add(text);
        if (!reachable.contains(text)) {
            throw new ConnectFailedException(text, 0, retryable, text, null);
        }
        return text;
    }

    @Test
    void name_isAskedAtEachConnectionOfTheAdminQueue() throws IOException {
        assertThat(connect(0)).isEqualTo("192.0.2.1");
        meaning = List.of("192.0.2.2");
        reachable = Set.of("192.0.2.2");
        assertThat(connect(0)).isEqualTo("192.0.2.2");
    }

    @Test
    void ioQueues_followTheirAdminQueue() throws IOException {
        connect(0);
        meaning = List.of("192.0.2.2");
        assertThat(connect(1)).isEqualTo("192.0.2.1");
    }

    @Test
    void allAddresses_areTriedBeginningWithTheOneThatWorked() throws IOException {
        meaning = List.of("192.0.2.1", "192.0.2.2", "192.0.2.3");
        reachable = Set.of("192.0.2.2", "192.0.2.3");
        assertThat(connect(0)).isEqualTo("192.0.2.2");
        tried.clear();
        reachable = Set.of("192.0.2.3");
        assertThat(connect(0)).isEqualTo("192.0.2.3");
        assertThat(tried).containsExactly("192.0.2.2", "192.0.2.1", "192.0.2.3");
    }

    @Test
    void failureOfAll_isTheRetryableOneAndKeepsTheOthers() {
        meaning = List.of("192.0.2.1", "192.0.2.2");
        reachable = Set.of();
        Throwable failure =
                catchThrowable(() ->
                        destination.connect(
                                0,
                                null,
                                later(),
                                one -> {
                                    retryable = one.equals(address("192.0.2.2"));
                                    return attempt(one);
                                }));
        assertThat(failure).hasMessage("192.0.2.2");
        assertThat(failure.getSuppressed())
                .singleElement()
                .satisfies(other -> assertThat(other).hasMessage("192.0.2.1"));
    }

    @Test
    void addressesWithoutEnd_areTriedToABound() {
        meaning = java.util.stream.IntStream.range(1, 200).mapToObj(i -> "192.0.2." + i).toList();
        reachable = Set.of();
        assertThatThrownBy(() -> connect(0)).isInstanceOf(ConnectFailedException.class);
        assertThat(tried).hasSize(Destination.ADDRESSES_MAX);
    }

    @Test
    void addressesOfAnotherKindThanTheSource_areNotTried() throws IOException {
        meaning = List.of("2001:db8::1", "192.0.2.1");
        assertThat(destination.connect(0, address("192.0.2.9"), later(), this::attempt))
                .isEqualTo("192.0.2.1");
        assertThat(tried).containsExactly("192.0.2.1");
        meaning = List.of("2001:db8::1");
        assertThatThrownBy(
                        () -> destination.connect(0, address("192.0.2.9"), later(), this::attempt))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("192.0.2.9");
    }

    @Test
    void linkLocalAddressWithoutInterface_saysWhatIsMissing() {
        meaning = List.of("fe80::1");
        assertThatThrownBy(() -> connect(0))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("fe80::1%eth0");
        assertThat(tried).isEmpty();
    }

    // Names.

    @Test
    void unknownName_saysSoWithAdvice() {
        NameLookup lookup =
                new NameLookup(
                        "nowhere",
                        4420,
                        name -> {
                            throw new UnknownHostException(name);
                        });
        assertThatThrownBy(() -> lookup.addresses(later()))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("nowhere is not known; check the spelling");
    }

    @Test
    void resolverThatHangs_holdsNobodyUpAndIsAskedOnce() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        NameLookup lookup =
                new NameLookup(
                        "slow",
                        4420,
                        name -> {
                            asked.incrementAndGet();
                            try {
                                answer.await();
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                            return List.of(InetAddress.ofLiteral("192.0.2.1"));
                        });
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> lookup.addresses(Deadline.after(Duration.ofMillis(1))))
                    .isInstanceOf(AddressUnreachableException.class)
                    .hasMessageContaining("in time");
        }
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> lookup.addresses(later()))
                .isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(asked).hasValue(1);
        answer.countDown();
        assertThat(lookup.addresses(later())).containsExactly(address("192.0.2.1"));
    }
}
