package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandSlotsTest {
    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, CommandSlots.SLOT_COUNT_MAX + 1})
    void countOutOfRange_isRefused(int count) {
        assertThatThrownBy(() -> new CommandSlots(count))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1..32768");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 31, 127, CommandSlots.SLOT_COUNT_MAX})
    void allSlotsTaken_haveDifferentIdsOf16Bits(int count) {
        CommandSlots slots = new CommandSlots(count);
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < count; i++) {
            ids.add(slots.commandId(slots.acquire()));
        }
        assertThat(ids).hasSize(count).allMatch(id -> id >= 0 && id <= 0xFFFF);
        assertThat(slots.inUseCount()).isEqualTo(count);
        assertThat(slots.acquire()).isEqualTo(-1);
    }

    @Test
    void answerOnly_doesNotFinish() {
        CommandSlots slots = new CommandSlots(4);
        int slot = slots.acquire();
        slots.submitted(slot, 0, 1, CommandSlots.KEYLESS);
        assertThat(slots.answered(slot)).isFalse();
        assertThat(slots.sent(slot)).isTrue();
    }

    @Test
    void sendOnly_doesNotFinish() {
        CommandSlots slots = new CommandSlots(4);
        int slot = slots.acquire();
        slots.submitted(slot, 0, 1, CommandSlots.KEYLESS);
        assertThat(slots.sent(slot)).isFalse();
        assertThat(slots.answered(slot)).isTrue();
    }

    @Test
    void idOfFreeSlot_isNotAwaited() {
        CommandSlots slots = new CommandSlots(4);
        assertThat(slots.slotAwaiting(slots.commandId(2))).isEqualTo(-1);
    }

    @Test
    void idOfAnsweredCommand_isNotAwaitedAgain() {
        CommandSlots slots = new CommandSlots(4);
        int slot = slots.acquire();
        int id = slots.commandId(slot);
        assertThat(slots.slotAwaiting(id)).isEqualTo(slot);
        slots.answered(slot);
        assertThat(slots.slotAwaiting(id)).isEqualTo(-1);
    }

    @Test
    void idOfEarlierGeneration_isNotAwaited() {
        CommandSlots slots = new CommandSlots(4);
        int slot = slots.acquire();
        int earlier = slots.commandId(slot);
        slots.release(slot);
        assertThat(slots.acquire()).isEqualTo(slot);
        assertThat(slots.commandId(slot)).isNotEqualTo(earlier);
        assertThat(slots.slotAwaiting(earlier)).isEqualTo(-1);
    }

    @Test
    void idBeyondCount_isNotAwaited() {
        CommandSlots slots = new CommandSlots(3);
        while (slots.acquire() >= 0) {
            // Take all.
        }
        // Slot bits could name a fourth slot.
        assertThat(slots.slotAwaiting(3)).isEqualTo(-1);
    }

    @Test
    void everyOtherId_isNotAwaited() {
        CommandSlots slots = new CommandSlots(5);
        int slot = slots.acquire();
        int id = slots.commandId(slot);
        for (int other = 0; other <= 0xFFFF; other++) {
            assertThat(slots.slotAwaiting(other)).isEqualTo(other == id ? slot : -1);
        }
    }

    @Test
    void commandThatIsNotPosted_isNotAwaited_whateverElseIsMissing() {
        CommandSlots slots = new CommandSlots(4);
        int bound = CommandSlots.SENT | CommandSlots.LEASED;
        int keyless = bound | CommandSlots.KEYLESS;
        for (int state : new int[] {keyless, bound, CommandSlots.KEYLESS}) {
            int slot = slots.next();
            slots.submitted(slot, 0, 1, state);
            int id = slots.commandId(slot);
            assertThat(slots.slotAwaiting(id)).isEqualTo(-1);
            assertThat(slots.slotAwaitingOnlyAnswer(id)).isEqualTo(-1);
            assertThat(slots.slotAwaitingAnswerAndKey(id)).isEqualTo(-1);
            slots.posted();
            assertThat(slots.slotAwaiting(id)).isEqualTo(slot);
            assertThat(slots.slotAwaitingOnlyAnswer(id)).isEqualTo(state == keyless ? slot : -1);
            assertThat(slots.slotAwaitingAnswerAndKey(id)).isEqualTo(state == bound ? slot : -1);
            slots.posted();
            assertThat(slots.slotAwaiting(id)).isEqualTo(slot);
        }
    }

    @Test
    void generationWraps_idStaysIn16Bits() {
        CommandSlots slots = new CommandSlots(CommandSlots.SLOT_COUNT_MAX);
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            int slot = slots.acquire();
            ids.add(slots.commandId(slot));
            slots.release(slot);
        }
        assertThat(ids).containsExactlyInAnyOrder(0, 0x8000);
    }

    @Test
    void sendCompletionOfOtherGenerationOrSlot_isNotSending() {
        CommandSlots slots = new CommandSlots(4);
        int slot = slots.acquire();
        assertThat(slots.isSending(slot, slots.generation(slot))).isTrue();
        assertThat(slots.isSending(slot, slots.generation(slot) + 1)).isFalse();
        assertThat(slots.isSending(slot + 1, 0)).isFalse();
        assertThat(slots.isSending(4, 0)).isFalse();
        assertThat(slots.isSending(-1, 0)).isFalse();
        slots.sent(slot);
        assertThat(slots.isSending(slot, slots.generation(slot))).isFalse();
    }
}
