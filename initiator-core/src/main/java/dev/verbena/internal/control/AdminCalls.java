package dev.verbena.internal.control;

import dev.verbena.NvmeException;
import dev.verbena.internal.control.AdminCommand.Answer;
import dev.verbena.nvme.ActiveNamespaceList;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.FeatureValues;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.NamespaceDescriptors;
import dev.verbena.nvme.NvmIdentifyController;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.log.AnaLog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The admin commands a controller needs, sent and decoded.
///
/// Threads: any; every method blocks until the controller has answered.
public final class AdminCalls {
    /// Namespaces that are listed at most. A controller may claim 2^32 - 2 of them.
    public static final int NAMESPACE_COUNT_MAX = 65_536;

    /// Namespaces that are asked for one by one where a controller has no list of them.
    static final int UNLISTED_COUNT_MAX = 1024;

    private static final int QUEUE_COUNT_MAX = 65_534;

    /// Bytes of the ANA log that one command reads: nearly every log whole.
    private static final long ANA_PIECE_BYTES_MAX = 1 << 20;

    private final Association association;

    public AdminCalls(Association association) {
        this.association = association;
    }

    public IdentifyController identifyController() throws IOException {
        return identify(
                "Identify Controller", IdentifyCns.CONTROLLER, 0, IdentifyController::decode);
    }

    /// Limits of the NVM command set; null where the controller does not tell any. One that is
    /// older than version 2.0 of the specification, and does not say that it knows several command
    /// sets, is not asked.
    public @Nullable NvmIdentifyController identifyNvmController() throws IOException {
        if (!association.version().isAtLeast(2, 0)
                && !association.capabilities().multipleCommandSets()) {
            return null;
        }
        try {
            return identify(
                    "Identify Controller for the NVM Command Set",
                    IdentifyCns.COMMAND_SET_CONTROLLER,
                    0,
                    NvmIdentifyController::decode);
        } catch (NvmeException e) {
            return null;
        }
    }

    public IdentifyNamespace identifyNamespace(int namespaceId) throws IOException {
        return identify(
                "Identify Namespace",
                IdentifyCns.NAMESPACE,
                namespaceId,
                IdentifyNamespace::decode);
    }

    /// Empty for a controller from before version 1.3, which has no such structure.
    public NamespaceDescriptors namespaceDescriptors(int namespaceId) throws IOException {
        if (!association.version().isAtLeast(1, 3)) {
            return new NamespaceDescriptors(List.of());
        }
        return identify(
                "Identify Namespace Descriptors",
                IdentifyCns.NAMESPACE_DESCRIPTORS,
                namespaceId,
                NamespaceDescriptors::decode);
    }

    /// All active namespace ids in ascending order. Before version 1.1 of the specification there
    /// was no list: then all that can exist, up to [#UNLISTED_COUNT_MAX].
    ///
    /// @throws IOException when the controller lists more than [#NAMESPACE_COUNT_MAX], or a list
    ///   that does not ascend
    public List<Integer> activeNamespaces() throws IOException {
        if (!association.version().isAtLeast(1, 1)) {
            long count = identifyController().namespaceCount();
            return IntStream.rangeClosed(1, (int) Math.min(count, UNLISTED_COUNT_MAX))
                    .boxed()
                    .toList();
        }
        List<Integer> all = new ArrayList<>();
        int last = 0;
        while (true) {
            List<Integer> page =
                    identify(
                            "Identify Active Namespaces",
                            IdentifyCns.ACTIVE_NAMESPACES,
                            last,
                            ActiveNamespaceList::decode);
            if (!page.isEmpty() && Integer.compareUnsigned(page.getFirst(), last) <= 0) {
                throw new IOException(
                        "The controller lists namespace "
                                + Integer.toUnsignedString(page.getFirst())
                                + " when asked for those after "
                                + Integer.toUnsignedString(last));
            }
            all.addAll(page);
            if (all.size() > NAMESPACE_COUNT_MAX) {
                throw new IOException(
                        "The controller lists more than " + NAMESPACE_COUNT_MAX + " namespaces");
            }
            if (page.size() < ActiveNamespaceList.ENTRIES_MAX) {
                return List.copyOf(all);
            }
            last = page.getLast();
        }
    }

    private <T> T identify(
            String name, int cns, int namespaceId, Function<MemorySegment, T> decoder)
            throws IOException {
        Answer answer =
                association
                        .admin()
                        .execute(
                                AdminCommand.reading(
                                        name,
                                        association.adminDeadline(),
                                        AdminCommands.IDENTIFY_SIZE,
                                        (capsule, offset, id) ->
                                                AdminCommands.identify(
                                                        capsule,
                                                        offset,
                                                        id,
                                                        cns,
                                                        namespaceId,
                                                        0,
                                                        0)));
        return decoded(answer.segment(), decoder);
    }

    private <T> T decoded(MemorySegment segment, Function<MemorySegment, T> decoder)
            throws IOException {
        try {
            return decoder.apply(segment);
        } catch (WireFormatException e) {
            throw new ImpossibleAnswerException(association.address(), e);
        }
    }

    /// Reads a piece of a log page.
    ///
    /// @param retainEvent whether an asynchronous event about this page stays masked
    MemorySegment logPage(
            String name, int logPage, int logSpecific, boolean retainEvent, int bytes, long offset)
            throws IOException {
        return association
                .admin()
                .execute(
                        AdminCommand.reading(
                                name,
                                association.adminDeadline(),
                                bytes,
                                (capsule, entry, id) ->
                                        AdminCommands.getLogPage(
                                                capsule,
                                                entry,
                                                id,
                                                0,
                                                logPage,
                                                logSpecific,
                                                retainEvent,
                                                bytes,
                                                offset)))
                .segment();
    }

    /// Reads a log page that fits one command.
    ///
    /// @param retainEvent whether an asynchronous event about this page stays masked
    public MemorySegment logPage(int logPage, boolean retainEvent, int bytes) throws IOException {
        return logPage(
                "Get Log Page (" + LogPage.name(logPage) + ")", logPage, 0, retainEvent, bytes, 0);
    }

    /// Reads the ANA log, and lets its event come again.
    ///
    /// @throws ImpossibleAnswerException when the log contradicts itself
    /// @throws IOException when it cannot be read
    public AnaLog anaLog(IdentifyController identify) throws IOException {
        long namespaces =
                identify.maximumAllocatedNamespaces() > 0
                        ? identify.maximumAllocatedNamespaces()
                        : identify.namespaceCount();
        AnaLogReader reader =
                new AnaLogReader(
                        (groupsOnly, retainEvent, bytes, offset) ->
                                logPage(
                                        "Get Log Page (ANA)",
                                        LogPage.ASYMMETRIC_NAMESPACE_ACCESS,
                                        groupsOnly ? LogPage.ANA_GROUPS_ONLY : 0,
                                        retainEvent,
                                        bytes,
                                        offset),
                        identify.anaGroupIdMaximum(),
                        AnaLog.byteSizeMax(identify.anaGroupCount(), namespaces),
                        (int)
                                Math.min(
                                        identify.maximumTransferBytes(association.capabilities()),
                                        ANA_PIECE_BYTES_MAX));
        try {
            return reader.read();
        } catch (WireFormatException e) {
            throw new ImpossibleAnswerException(association.address(), e);
        }
    }

    /// Reads the current value of a feature.
    ///
    /// @return dword 0 of the answer
    public int feature(int featureId) throws IOException {
        return (int)
                association
                        .admin()
                        .execute(
                                AdminCommand.withoutData(
                                        "Get Features (" + Feature.name(featureId) + ")",
                                        association.adminDeadline(),
                                        (capsule, offset, id) ->
                                                AdminCommands.getFeatures(
                                                        capsule,
                                                        offset,
                                                        id,
                                                        featureId,
                                                        Feature.SELECT_CURRENT,
                                                        0,
                                                        0)))
                        .result();
    }

    /// Sets a feature that has no data.
    ///
    /// @return dword 0 of the answer
    public int setFeature(int featureId, int value) throws IOException {
        return (int)
                association
                        .admin()
                        .execute(
                                AdminCommand.withoutData(
                                        "Set Features (" + Feature.name(featureId) + ")",
                                        association.adminDeadline(),
                                        (capsule, offset, id) ->
                                                AdminCommands.setFeatures(
                                                        capsule, offset, id, featureId, false, 0,
                                                        value)))
                        .result();
    }

    /// Tells the controller that its retry delays are honoured.
    public void enableRetryDelays() throws IOException {
        byte[] data = new byte[FeatureValues.HOST_BEHAVIOR_SIZE];
        new FeatureValues.HostBehavior(true, false, false).encode(MemorySegment.ofArray(data), 0);
        association
                .admin()
                .execute(
                        AdminCommand.writing(
                                "Set Features (Host Behavior Support)",
                                association.adminDeadline(),
                                data,
                                (capsule, offset, id) ->
                                        AdminCommands.setFeatures(
                                                capsule,
                                                offset,
                                                id,
                                                Feature.HOST_BEHAVIOR_SUPPORT,
                                                false,
                                                0,
                                                0)));
    }

    /// Asks for I/O queues.
    ///
    /// @return how many may be opened: no more than asked for, possibly fewer
    public int requestIoQueues(int count) throws IOException {
        int zeroBased = count - 1;
        int answer = setFeature(Feature.NUMBER_OF_QUEUES, zeroBased | zeroBased << 16);
        FeatureValues.QueueCounts counts = FeatureValues.QueueCounts.of(answer);
        int granted = Math.min(counts.submissionQueues(), counts.completionQueues());
        return Math.min(Math.min(granted, count), QUEUE_COUNT_MAX);
    }
}
