package dev.verbena.testkit;

import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.Version;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// An NVM subsystem in memory: namespaces, and what its controllers say about themselves.
///
/// Changes of the settings concern controllers that are connected afterwards; changes of namespaces
/// concern all, and are announced to them.
///
/// Threads: any.
public final class TestSubsystem {
    /// What a controller allows; all in the units of the specification's fields.
    record Limits(int inCapsuleBytes, int inCapsuleOffset, int descriptorsMax) {}

    /// What a controller says when it is asked for the next message of an authentication.
    interface Authentication {
        /// The next message.
        ///
        /// @param transaction the host's
        /// @param index of the question, from 0
        byte[] message(int transaction, int index);
    }

    /// Who has to hear of changes.
    interface Listener {
        /// A namespace came, went, or has another size.
        void namespaceChanged(int namespaceId);

        void accessChanged();
    }

    /// How a namespace can be reached on the way to it (ANA).
    public enum Access {
        OPTIMIZED(1),
        NON_OPTIMIZED(2),
        INACCESSIBLE(3),
        PERSISTENT_LOSS(4),
        CHANGE(15);

        private final int code;

        Access(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    private final Nqn nqn;
    private final Map<Integer, TestNamespace> namespaces =
            new ConcurrentSkipListMap<>(Integer::compareUnsigned);
    private final List<Fault.Patch> identity = new CopyOnWriteArrayList<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final List<String> allowedHosts = new CopyOnWriteArrayList<>();
    private final Map<Integer, Access> access = new ConcurrentHashMap<>();
    private volatile int queueCountMax = 16;
    private volatile int inCapsuleBytes = 4096;
    private volatile int inCapsuleOffset;
    private volatile int descriptorsMax = 1;
    private volatile int maximumQueueEntries = 128;
    private volatile int transferExponent = 8;
    private volatile int keepAliveUnits = 10;
    private volatile Version version = new Version(0x0002_0000);
    private volatile @Nullable Long capabilities;
    private volatile @Nullable Authentication authentication;
    private volatile boolean asksForAuthentication;
    private final AtomicInteger unauthenticated = new AtomicInteger();

    /// A subsystem without namespaces that any host may use.
    ///
    /// @throws IllegalArgumentException when the name is none
    public TestSubsystem(String nqn) {
        this.nqn = Nqn.of(nqn);
    }

    /// Name of the subsystem.
    public String nqn() {
        return nqn.value();
    }

    // Namespaces.

    /// Adds a namespace of zeroes.
    ///
    /// @param blockSize a power of two, 512..65536
    public TestNamespace addNamespace(int id, long blockCount, int blockSize) {
        TestNamespace namespace = new TestNamespace(id, blockCount, blockSize);
        if (namespaces.putIfAbsent(id, namespace) != null) {
            throw new IllegalArgumentException("There is a namespace " + id + " already");
        }
        changed(id);
        return namespace;
    }

    /// Takes a namespace away. Does nothing when there is none.
    public void removeNamespace(int id) {
        if (namespaces.remove(id) != null) {
            changed(id);
        }
    }

    /// Gives a namespace id to this namespace, whatever it belonged to before: another content, or
    /// one that was taken away and is back.
    public void putNamespace(TestNamespace namespace) {
        namespaces.put(namespace.id(), namespace);
        changed(namespace.id());
    }

    /// Formats a namespace, which then holds zeroes and keeps its identity.
    ///
    /// @param blockSize a power of two, 512..65536
    /// @param metadataBytes at the end of each block (extended LBA); 0 for none
    public void formatNamespace(int id, long blockCount, int blockSize, int metadataBytes) {
        TestNamespace namespace = namespaces.get(id);
        if (namespace == null) {
            throw new IllegalArgumentException("There is no namespace " + id);
        }
        namespace.format(blockCount, blockSize, metadataBytes);
        changed(id);
    }

    /// Gives a namespace another size.
    public void resizeNamespace(int id, long blockCount) {
        TestNamespace namespace = namespaces.get(id);
        if (namespace == null) {
            throw new IllegalArgumentException("There is no namespace " + id);
        }
        namespace.blockCount(blockCount);
        changed(id);
    }

    private void changed(int id) {
        listeners.forEach(listener -> listener.namespaceChanged(id));
    }

    @Nullable TestNamespace namespace(int id) {
        return namespaces.get(id);
    }

    /// Namespaces by id.
    public List<TestNamespace> namespaces() {
        return List.copyOf(namespaces.values());
    }

    /// Sets how a namespace can be reached; optimized at first. Each namespace is its own ANA
    /// group.
    public void access(int namespaceId, Access state) {
        access.put(namespaceId, state);
        listeners.forEach(Listener::accessChanged);
    }

    Access access(int namespaceId) {
        return access.getOrDefault(namespaceId, Access.OPTIMIZED);
    }

    void listen(Listener listener) {
        listeners.add(listener);
    }

    void forget(Listener listener) {
        listeners.remove(listener);
    }

    // Who may come, and what is said.

    /// Admits this host and no other that was not admitted.
    public TestSubsystem allowHost(String hostNqn) {
        allowedHosts.add(hostNqn);
        return this;
    }

    /// Demands authentication, and can do none: no host gets in.
    public TestSubsystem demandAuthentication() {
        return authentication((transaction, index) -> new byte[0]);
    }

    /// Demands authentication, and says this in it; null for none, as at first.
    TestSubsystem authentication(@Nullable Authentication script) {
        authentication = script;
        asksForAuthentication = script != null;
        return this;
    }

    /// Does not demand authentication, and says this when a host begins one.
    TestSubsystem authenticationOnRequest(Authentication script) {
        authentication = script;
        asksForAuthentication = false;
        return this;
    }

    void unauthenticated() {
        unauthenticated.incrementAndGet();
    }

    /// Commands other than those that connect a queue, on queues that were not authenticated, while
    /// this subsystem knows authentication.
    int unauthenticatedCount() {
        return unauthenticated.get();
    }

    boolean asksForAuthentication() {
        return asksForAuthentication;
    }

    @Nullable Authentication authentication() {
        return authentication;
    }

    boolean allows(String hostNqn) {
        return allowedHosts.isEmpty() || allowedHosts.contains(hostNqn);
    }

    /// I/O queues a controller grants; 16 at first.
    public TestSubsystem queueCountMax(int value) {
        queueCountMax = value;
        return this;
    }

    int queueCountMax() {
        return queueCountMax;
    }

    /// In-capsule data (IOCCSZ, ICDOFF).
    ///
    /// @param bytes most bytes, 0 for none; 4096 at first
    /// @param offset where it starts behind the command in units of 16 bytes, 0 at first
    public TestSubsystem inCapsuleData(int bytes, int offset) {
        inCapsuleBytes = bytes;
        inCapsuleOffset = offset;
        return this;
    }

    /// Keyed descriptors one command may carry (MSDBD), 0 for no limit; 1 at first. The list has to
    /// fit into the room for in-capsule data.
    public TestSubsystem descriptorsMax(int value) {
        descriptorsMax = value;
        return this;
    }

    Limits limits() {
        return new Limits(inCapsuleBytes, inCapsuleOffset, descriptorsMax);
    }

    /// Entries a queue may have (CAP.MQES, as a count); 128 at first.
    public TestSubsystem maximumQueueEntries(int value) {
        maximumQueueEntries = value;
        return this;
    }

    /// Most data of a command as a power of two of 4096 bytes (MDTS), 0 for no limit; 8 at first.
    public TestSubsystem transferExponent(int value) {
        transferExponent = value;
        return this;
    }

    int transferExponent() {
        return transferExponent;
    }

    /// Version of the specification the controllers follow (VS), 2.0 at first. They know nothing
    /// that is younger: such commands, structures, log pages and features are refused, and counted
    /// ([TestTarget#refusedAdminCount]).
    ///
    /// @param value major 31:16, minor 15:8, tertiary 7:0
    public TestSubsystem version(int value) {
        version = new Version(value);
        return this;
    }

    Version version() {
        return version;
    }

    /// Granularity of keep alive in units of 100 ms (KAS), 0 for no keep alive; 10 at first.
    public TestSubsystem keepAliveUnits(int value) {
        keepAliveUnits = value;
        return this;
    }

    int keepAliveUnits() {
        return keepAliveUnits;
    }

    /// Sets the whole CAP property.
    public TestSubsystem capabilities(long value) {
        capabilities = value;
        return this;
    }

    long capabilities() {
        Long set = capabilities;
        // Contiguous queues, 7.5 s to become ready, NVM command set, subsystem reset.
        return set != null
                ? set
                : (maximumQueueEntries - 1L) | 1L << 16 | 15L << 24 | 1L << 36 | 1L << 37;
    }

    /// Overwrites a field of Identify Controller.
    ///
    /// @param offset in the structure
    /// @param byteCount 1..8
    public TestSubsystem identify(int offset, long value, int byteCount) {
        identity.add(Fault.Patch.of(offset, value, byteCount));
        return this;
    }

    List<Fault.Patch> identity() {
        return identity;
    }

    @Override
    public String toString() {
        return nqn.value();
    }
}
