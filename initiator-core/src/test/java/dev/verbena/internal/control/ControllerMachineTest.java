package dev.verbena.internal.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectOptions;
import dev.verbena.ControllerState;
import dev.verbena.internal.control.MachineAction.TearDownMode;
import dev.verbena.internal.control.MachineAction.Timer;
import dev.verbena.internal.control.MachineEvent.Outlook;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ControllerMachineTest {
    private static final long SECOND = 1_000_000_000L;

    private ConnectOptions options =
            ConnectOptions.defaults()
                    .withReconnectDelay(Duration.ofSeconds(10))
                    .withCtrlLossTimeout(Duration.ofSeconds(60));
    private ControllerMachine machine = new ControllerMachine(options, new Random(1));
    private long now = 5 * SECOND;

    private void with(ConnectOptions changed) {
        options = changed;
        machine = new ControllerMachine(options, new Random(1));
    }

    private List<MachineAction> take(MachineEvent.Kind kind) {
        return machine.take(new MachineEvent.Plain(kind), now);
    }

    private List<MachineAction> failConnect(Outlook outlook) {
        return machine.take(new MachineEvent.ConnectFailed("refused", outlook, 0), now);
    }

    private List<MachineAction> lose() {
        return machine.take(new MachineEvent.Lost(machine.connection(), "unplugged"), now);
    }

    private void live() {
        take(MachineEvent.Kind.OPEN);
        take(MachineEvent.Kind.CONNECTED);
        assertThat(machine.state()).isEqualTo(ControllerState.LIVE);
        now += 3600 * SECOND;
    }

    private void lostAndDown() {
        live();
        lose();
        take(MachineEvent.Kind.TORN_DOWN);
    }

    private void is(ControllerState state) {
        assertThat(machine.state()).isEqualTo(state);
    }

    private static long delay(List<MachineAction> actions, Timer timer) {
        return actions.stream()
                .filter(MachineAction.StartTimer.class::isInstance)
                .map(MachineAction.StartTimer.class::cast)
                .filter(start -> start.timer() == timer)
                .findFirst()
                .orElseThrow()
                .delayNanos();
    }

    private static void finishes(List<MachineAction> actions) {
        assertThat(actions.getLast()).isInstanceOf(MachineAction.Finish.class);
        assertThat(actions).hasAtLeastOneElementOfType(MachineAction.FailRequests.class);
        assertThat(actions)
                .contains(
                        new MachineAction.StopTimer(Timer.RETRY),
                        new MachineAction.StopTimer(Timer.FAST_FAIL),
                        new MachineAction.StopTimer(Timer.LOSS));
    }

    // The table itself.

    @ParameterizedTest
    @EnumSource(ControllerState.class)
    void table_hasExactlyTheseTransitions(ControllerState state) {
        Map<ControllerState, Set<MachineEvent.Kind>> expected =
                Map.of(
                        ControllerState.NEW,
                                EnumSet.of(MachineEvent.Kind.OPEN, MachineEvent.Kind.CLOSE),
                        ControllerState.CONNECTING,
                                EnumSet.complementOf(
                                        EnumSet.of(
                                                MachineEvent.Kind.OPEN,
                                                MachineEvent.Kind.TORN_DOWN)),
                        ControllerState.LIVE,
                                EnumSet.of(
                                        MachineEvent.Kind.LOST,
                                        MachineEvent.Kind.RESET,
                                        MachineEvent.Kind.CLOSE),
                        ControllerState.RESETTING,
                                EnumSet.of(
                                        MachineEvent.Kind.TORN_DOWN,
                                        MachineEvent.Kind.FAST_FAIL_DUE,
                                        MachineEvent.Kind.LOSS_DUE,
                                        MachineEvent.Kind.RESET,
                                        MachineEvent.Kind.CLOSE),
                        ControllerState.FENCING, EnumSet.noneOf(MachineEvent.Kind.class),
                        ControllerState.DELETING,
                                EnumSet.of(
                                        MachineEvent.Kind.LOST,
                                        MachineEvent.Kind.CONNECTED,
                                        MachineEvent.Kind.CONNECT_FAILED,
                                        MachineEvent.Kind.TORN_DOWN),
                        ControllerState.DEAD, EnumSet.noneOf(MachineEvent.Kind.class));
        for (MachineEvent.Kind kind : MachineEvent.Kind.values()) {
            assertThat(ControllerMachine.handles(state, kind))
                    .as(state + " " + kind)
                    .isEqualTo(expected.getOrDefault(state, Set.of()).contains(kind));
        }
    }

    @ParameterizedTest
    @EnumSource(MachineEvent.Kind.class)
    void deadController_ignoresEverything(MachineEvent.Kind kind) {
        take(MachineEvent.Kind.CLOSE);
        is(ControllerState.DEAD);
        assertThat(take(kind)).isEmpty();
        is(ControllerState.DEAD);
    }

    // Connecting.

    @Test
    void open_connects() {
        assertThat(take(MachineEvent.Kind.OPEN)).containsExactly(new MachineAction.Connect(1));
        is(ControllerState.CONNECTING);
    }

    @Test
    void connected_isLiveAndResumes() {
        take(MachineEvent.Kind.OPEN);
        assertThat(take(MachineEvent.Kind.CONNECTED))
                .containsExactly(
                        new MachineAction.StopTimer(Timer.FAST_FAIL),
                        new MachineAction.StopTimer(Timer.LOSS),
                        new MachineAction.Resume());
        is(ControllerState.LIVE);
        assertThat(machine.requestsFail()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Outlook.class)
    void firstAttemptFails_isDeadAtOnce(Outlook outlook) {
        take(MachineEvent.Kind.OPEN);
        finishes(failConnect(outlook));
        is(ControllerState.DEAD);
        assertThat(machine.reason()).isEqualTo("refused");
    }

    @Test
    void lostBeforeItIsKnownToBeConnected_isTornDownAndDead() {
        take(MachineEvent.Kind.OPEN);
        assertThat(lose()).isEmpty();
        assertThat(take(MachineEvent.Kind.CONNECTED))
                .containsExactly(new MachineAction.TearDown(TearDownMode.LOST));
        finishes(take(MachineEvent.Kind.TORN_DOWN));
    }

    @Test
    void lostEarlyOnReconnect_isTriedAgain() {
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        lose();
        take(MachineEvent.Kind.CONNECTED);
        is(ControllerState.RESETTING);
        take(MachineEvent.Kind.TORN_DOWN);
        is(ControllerState.CONNECTING);
        assertThat(machine.attempts()).isEqualTo(1);
        assertThat(take(MachineEvent.Kind.RETRY_DUE)).containsExactly(new MachineAction.Connect(3));
        take(MachineEvent.Kind.CONNECTED);
        is(ControllerState.LIVE);
    }

    @Test
    void closeWhileConnecting_cancelsAndWaits() {
        take(MachineEvent.Kind.OPEN);
        assertThat(take(MachineEvent.Kind.CLOSE)).endsWith(new MachineAction.CancelConnect());
        is(ControllerState.DELETING);
        finishes(failConnect(Outlook.OPEN));
        is(ControllerState.DEAD);
    }

    @Test
    void closeWhileConnecting_connectionThatStandsIsShutDown() {
        take(MachineEvent.Kind.OPEN);
        take(MachineEvent.Kind.CLOSE);
        assertThat(take(MachineEvent.Kind.CONNECTED))
                .containsExactly(new MachineAction.TearDown(TearDownMode.SHUTDOWN));
        finishes(take(MachineEvent.Kind.TORN_DOWN));
    }

    @Test
    void closeBeforeOpen_isDead() {
        finishes(take(MachineEvent.Kind.CLOSE));
    }

    // Losing.

    @Test
    void lost_suspendsAndTearsDown() {
        live();
        List<MachineAction> actions = lose();
        is(ControllerState.RESETTING);
        assertThat(actions)
                .containsExactly(
                        new MachineAction.Suspend("unplugged"),
                        new MachineAction.StartTimer(Timer.LOSS, 60 * SECOND),
                        new MachineAction.TearDown(TearDownMode.LOST));
        assertThat(machine.givesUpNanos()).isEqualTo(now + 60 * SECOND);
    }

    @Test
    void lossOfAnOlderConnection_changesNothing() {
        live();
        assertThat(machine.take(new MachineEvent.Lost(0, "old"), now)).isEmpty();
        is(ControllerState.LIVE);
    }

    @Test
    void tornDown_waitsShortlyThenConnects() {
        live();
        lose();
        List<MachineAction> actions = take(MachineEvent.Kind.TORN_DOWN);
        is(ControllerState.CONNECTING);
        assertThat(delay(actions, Timer.RETRY)).isBetween(0L, SECOND / 4);
        assertThat(machine.nextAttemptNanos()).isEqualTo(now + delay(actions, Timer.RETRY));
        assertThat(take(MachineEvent.Kind.RETRY_DUE)).containsExactly(new MachineAction.Connect(2));
        assertThat(machine.nextAttemptNanos()).isNull();
        take(MachineEvent.Kind.CONNECTED);
        is(ControllerState.LIVE);
        assertThat(machine.attempts()).isZero();
        assertThat(machine.givesUpNanos()).isNull();
    }

    @Test
    void attemptsFail_waitsGrowUpToTheOption() {
        with(options.withCtrlLossTimeout(Duration.ofSeconds(-1)));
        lostAndDown();
        long before = 0;
        for (int attempt = 1; attempt <= 40; attempt++) {
            assertThat(take(MachineEvent.Kind.RETRY_DUE)).hasSize(1);
            long delay = delay(failConnect(Outlook.OPEN), Timer.RETRY);
            assertThat(machine.attempts()).isEqualTo(attempt);
            long full = attempt > 5 ? 10 * SECOND : (SECOND / 4) << attempt;
            assertThat(delay).isBetween(full / 2, full);
            if (attempt <= 6) {
                assertThat(delay).isGreaterThanOrEqualTo(before / 2);
            }
            before = delay;
            now += delay;
        }
        is(ControllerState.CONNECTING);
    }

    @Test
    void controllerAsksForAWait_itGetsAtLeastThat() {
        with(options.withCtrlLossTimeout(Duration.ofSeconds(-1)));
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        List<MachineAction> actions =
                machine.take(
                        new MachineEvent.ConnectFailed("busy", Outlook.OPEN, 30 * SECOND), now);
        assertThat(delay(actions, Timer.RETRY)).isEqualTo(30 * SECOND);
    }

    @Test
    void attemptThatCannotSucceed_isGivenUpAtOnce() {
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        finishes(failConnect(Outlook.HOPELESS));
    }

    @Test
    void targetRefuses_isBelievedAfterTheGraceAndNotBefore() {
        with(options.withCtrlLossTimeout(Duration.ofSeconds(-1)));
        lostAndDown();
        long first = 0;
        while (machine.state() == ControllerState.CONNECTING) {
            take(MachineEvent.Kind.RETRY_DUE);
            first = first == 0 ? now : first;
            List<MachineAction> actions = failConnect(Outlook.REFUSED);
            if (machine.state() == ControllerState.CONNECTING) {
                assertThat(machine.givesUpNanos())
                        .isEqualTo(first + ConnectOptions.REFUSAL_GRACE.toNanos());
                now += delay(actions, Timer.RETRY);
            } else {
                finishes(actions);
            }
        }
        // The last attempt comes at the very end.
        assertThat(now - first).isEqualTo(ConnectOptions.REFUSAL_GRACE.toNanos());
        assertThat(machine.attempts()).isGreaterThan(5);
    }

    @Test
    void targetRefusesAfterItWasAwayForLong_hasTheWholeGrace() {
        with(options.withCtrlLossTimeout(Duration.ofMinutes(10)));
        lostAndDown();
        now += 300 * SECOND;
        take(MachineEvent.Kind.RETRY_DUE);
        failConnect(Outlook.OPEN);
        now += 10 * SECOND;
        take(MachineEvent.Kind.RETRY_DUE);
        failConnect(Outlook.REFUSED);
        is(ControllerState.CONNECTING);
        now += 20 * SECOND;
        take(MachineEvent.Kind.RETRY_DUE);
        failConnect(Outlook.OPEN);
        now += 20 * SECOND;
        take(MachineEvent.Kind.RETRY_DUE);
        failConnect(Outlook.REFUSED);
        is(ControllerState.CONNECTING);
        take(MachineEvent.Kind.RETRY_DUE);
        take(MachineEvent.Kind.CONNECTED);
        is(ControllerState.LIVE);
        assertThat(machine.givesUpNanos()).isNull();
    }

    @Test
    void targetRefusesWhenTheLossTimeoutIsShorter_isGivenUpByThat() {
        with(options.withCtrlLossTimeout(Duration.ofSeconds(5)));
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        failConnect(Outlook.REFUSED);
        is(ControllerState.CONNECTING);
        assertThat(machine.givesUpNanos()).isEqualTo(now + 5 * SECOND);
        now += 5 * SECOND;
        take(MachineEvent.Kind.RETRY_DUE);
        finishes(failConnect(Outlook.REFUSED));
    }

    @Test
    void lossTimeoutWhileWaiting_isDead() {
        lostAndDown();
        now += 60 * SECOND;
        finishes(take(MachineEvent.Kind.LOSS_DUE));
    }

    @Test
    void lossTimeoutDuringAnAttempt_theAttemptMayStillSucceed() {
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        assertThat(take(MachineEvent.Kind.LOSS_DUE))
                .containsExactly(new MachineAction.CancelConnect());
        take(MachineEvent.Kind.CONNECTED);
        is(ControllerState.LIVE);
    }

    @Test
    void lossTimeoutDuringAnAttemptThatFails_isDead() {
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        take(MachineEvent.Kind.LOSS_DUE);
        finishes(failConnect(Outlook.OPEN));
    }

    @Test
    void lossTimeoutDuringTearDown_isDeadAfterIt() {
        live();
        lose();
        assertThat(take(MachineEvent.Kind.LOSS_DUE)).isEmpty();
        is(ControllerState.RESETTING);
        finishes(take(MachineEvent.Kind.TORN_DOWN));
    }

    @Test
    void lossTimeoutZero_isDeadAfterTearDown() {
        with(options.withCtrlLossTimeout(Duration.ZERO));
        live();
        lose();
        finishes(take(MachineEvent.Kind.TORN_DOWN));
    }

    @Test
    void lossTimeoutNegative_noTimerAndNoEnd() {
        with(options.withCtrlLossTimeout(Duration.ofSeconds(-1)));
        live();
        assertThat(lose()).noneMatch(MachineAction.StartTimer.class::isInstance);
        assertThat(machine.givesUpNanos()).isNull();
    }

    @Test
    void lastAttempt_comesBeforeTheEnd() {
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        now += 60 * SECOND - 1;
        assertThat(delay(failConnect(Outlook.OPEN), Timer.RETRY)).isEqualTo(1);
        now++;
        take(MachineEvent.Kind.RETRY_DUE);
        finishes(failConnect(Outlook.OPEN));
    }

    @Test
    void fastFail_failsRequestsUntilLiveAgain() {
        with(options.withFastIoFailTimeout(Duration.ofSeconds(2)));
        live();
        assertThat(delay(lose(), Timer.FAST_FAIL)).isEqualTo(2 * SECOND);
        assertThat(take(MachineEvent.Kind.FAST_FAIL_DUE))
                .singleElement()
                .isInstanceOf(MachineAction.FailRequests.class);
        assertThat(machine.requestsFail()).isTrue();
        take(MachineEvent.Kind.TORN_DOWN);
        take(MachineEvent.Kind.RETRY_DUE);
        take(MachineEvent.Kind.CONNECTED);
        assertThat(machine.requestsFail()).isFalse();
    }

    @Test
    void fastFailWhileConnecting_failsRequestsAndGoesOn() {
        with(options.withFastIoFailTimeout(Duration.ZERO));
        lostAndDown();
        assertThat(take(MachineEvent.Kind.FAST_FAIL_DUE)).hasSize(1);
        is(ControllerState.CONNECTING);
        assertThat(take(MachineEvent.Kind.RETRY_DUE)).hasSize(1);
    }

    @Test
    void connectionThatBreaksAtOnce_isNotMadeAgainWithoutAPause() {
        lostAndDown();
        take(MachineEvent.Kind.RETRY_DUE);
        failConnect(Outlook.OPEN);
        take(MachineEvent.Kind.RETRY_DUE);
        failConnect(Outlook.OPEN);
        take(MachineEvent.Kind.RETRY_DUE);
        take(MachineEvent.Kind.CONNECTED);
        now += SECOND;
        lose();
        assertThat(delay(take(MachineEvent.Kind.TORN_DOWN), Timer.RETRY))
                .isGreaterThanOrEqualTo(SECOND / 2);
        take(MachineEvent.Kind.RETRY_DUE);
        take(MachineEvent.Kind.CONNECTED);
        now += 10 * SECOND;
        lose();
        assertThat(delay(take(MachineEvent.Kind.TORN_DOWN), Timer.RETRY)).isLessThan(SECOND / 4);
    }

    // Resetting.

    @Test
    void reset_disablesTheControllerAndConnectsAtOnce() {
        live();
        assertThat(take(MachineEvent.Kind.RESET))
                .endsWith(new MachineAction.TearDown(TearDownMode.RESET));
        assertThat(take(MachineEvent.Kind.TORN_DOWN)).containsExactly(new MachineAction.Connect(2));
    }

    @Test
    void resetWithLossTimeoutZero_isTriedOnce() {
        with(options.withCtrlLossTimeout(Duration.ZERO));
        live();
        take(MachineEvent.Kind.RESET);
        assertThat(take(MachineEvent.Kind.TORN_DOWN)).containsExactly(new MachineAction.Connect(2));
        finishes(failConnect(Outlook.OPEN));
    }

    @Test
    void resetWhileWaiting_connectsAtOnce() {
        lostAndDown();
        assertThat(take(MachineEvent.Kind.RESET))
                .containsExactly(
                        new MachineAction.StopTimer(Timer.RETRY), new MachineAction.Connect(2));
        assertThat(take(MachineEvent.Kind.RETRY_DUE)).as("a timer that was on its way").isEmpty();
        assertThat(take(MachineEvent.Kind.RESET)).as("an attempt is under way").isEmpty();
    }

    @Test
    void resetDuringTearDown_connectsAtOnceAfterIt() {
        live();
        lose();
        assertThat(take(MachineEvent.Kind.RESET)).isEmpty();
        assertThat(take(MachineEvent.Kind.TORN_DOWN)).containsExactly(new MachineAction.Connect(2));
    }

    @Test
    void lostDuringReset_changesNothing() {
        live();
        take(MachineEvent.Kind.RESET);
        assertThat(lose()).isEmpty();
        is(ControllerState.RESETTING);
    }

    // Closing.

    @Test
    void closeWhileLive_shutsDown() {
        live();
        assertThat(take(MachineEvent.Kind.CLOSE))
                .endsWith(new MachineAction.TearDown(TearDownMode.SHUTDOWN));
        is(ControllerState.DELETING);
        assertThat(lose()).singleElement().isInstanceOf(MachineAction.FailRequests.class);
        finishes(take(MachineEvent.Kind.TORN_DOWN));
        is(ControllerState.DEAD);
    }

    @Test
    void closeWhileWaiting_isDeadAtOnce() {
        lostAndDown();
        finishes(take(MachineEvent.Kind.CLOSE));
        is(ControllerState.DEAD);
        assertThat(machine.nextAttemptNanos()).isNull();
    }

    @Test
    void closeDuringTearDown_waitsForIt() {
        live();
        lose();
        assertThat(take(MachineEvent.Kind.CLOSE))
                .hasAtLeastOneElementOfType(MachineAction.FailRequests.class);
        is(ControllerState.DELETING);
        finishes(take(MachineEvent.Kind.TORN_DOWN));
    }

    @Test
    void anyOrderOfEvents_neverRunsTwoThingsAtOnceAndEndsAfterClose() {
        for (int seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            machine = new ControllerMachine(options, random);
            boolean connecting = false;
            boolean tearingDown = false;
            boolean finished = false;
            for (int step = 0; step < 200; step++) {
                MachineEvent event = next(random, connecting, tearingDown, step);
                if (event == null) {
                    continue;
                }
                connecting &=
                        event.kind() != MachineEvent.Kind.CONNECTED
                                && event.kind() != MachineEvent.Kind.CONNECT_FAILED;
                tearingDown &= event.kind() != MachineEvent.Kind.TORN_DOWN;
                now += random.nextLong(SECOND);
                for (MachineAction action : machine.take(event, now)) {
                    assertThat(finished).as("seed %d: %s after the end", seed, action).isFalse();
                    if (action instanceof MachineAction.Connect) {
                        assertThat(connecting || tearingDown).as("seed %d", seed).isFalse();
                        connecting = true;
                    } else if (action instanceof MachineAction.TearDown) {
                        assertThat(connecting || tearingDown).as("seed %d", seed).isFalse();
                        tearingDown = true;
                    } else if (action instanceof MachineAction.Finish) {
                        assertThat(connecting || tearingDown).as("seed %d", seed).isFalse();
                        finished = true;
                    }
                }
                assertThat(finished).isEqualTo(machine.state() == ControllerState.DEAD);
            }
            assertThat(finished).as("seed %d", seed).isTrue();
        }
    }

    private static Outlook outlook(Random random) {
        int chance = random.nextInt(20);
        return chance == 0 ? Outlook.HOPELESS : chance < 6 ? Outlook.REFUSED : Outlook.OPEN;
    }

    private @Nullable MachineEvent next(
            Random random, boolean connecting, boolean tearingDown, int step) {
        MachineEvent.Kind[] kinds = MachineEvent.Kind.values();
        MachineEvent.Kind kind =
                step < 150 ? kinds[random.nextInt(kinds.length)] : MachineEvent.Kind.CLOSE;
        if (step == 0) {
            kind = MachineEvent.Kind.OPEN;
        } else if (step > 150) {
            kind = connecting ? MachineEvent.Kind.CONNECT_FAILED : MachineEvent.Kind.TORN_DOWN;
        }
        return switch (kind) {
            case OPEN -> step == 0 ? new MachineEvent.Plain(kind) : null;
            case CONNECTED -> connecting ? new MachineEvent.Plain(kind) : null;
            case CONNECT_FAILED ->
                    connecting
                            ? new MachineEvent.ConnectFailed("failed", outlook(random), 0)
                            : null;
            case TORN_DOWN -> tearingDown ? new MachineEvent.Plain(kind) : null;
            case LOST -> new MachineEvent.Lost(machine.connection() - random.nextInt(2), "lost");
            case CLOSE ->
                    step >= 150 || random.nextInt(20) == 0 ? new MachineEvent.Plain(kind) : null;
            default -> new MachineEvent.Plain(kind);
        };
    }
}
