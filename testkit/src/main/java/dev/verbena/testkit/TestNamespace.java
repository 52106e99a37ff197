package dev.verbena.testkit;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A namespace in memory. Blocks that were never written read as zeroes and take no space.
///
/// Threads: any.
public final class TestNamespace {
    private static final int CHUNK_BYTES = 1 << 16;

    private final int id;
    private final @Nullable UUID uuid;
    private final Map<Long, byte[]> chunks = new HashMap<>();
    private final Map<Long, Boolean> unreadable = new ConcurrentHashMap<>();
    private int blockSize;
    private long blockCount;
    private int metadataBytes;

    /// A namespace of zeroes.
    ///
    /// @param id its namespace id (NSID)
    /// @param blockSize a power of two, 512..65536
    /// @param uuid what it reports as its UUID and NGUID; null for no identity at all
    public TestNamespace(int id, long blockCount, int blockSize, @Nullable UUID uuid) {
        if (id == 0 || id == -1) {
            throw new IllegalArgumentException("0 and FFFFFFFFh are no namespace ids");
        }
        checkFormat(blockCount, blockSize);
        this.id = id;
        this.blockCount = blockCount;
        this.blockSize = blockSize;
        this.uuid = uuid;
    }

    /// As above, with a UUID that follows from the id.
    TestNamespace(int id, long blockCount, int blockSize) {
        this(
                id,
                blockCount,
                blockSize,
                new UUID(0x7665_7262_656e_4000L, 0x8000_0000_0000_0000L | id));
    }

    private static void checkFormat(long blockCount, int blockSize) {
        if (blockSize < 512 || blockSize > CHUNK_BYTES || Integer.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException(
                    "A block size of "
                            + blockSize
                            + "; powers of two from 512 to 65536 are possible");
        }
        if (blockCount < 1) {
            throw new IllegalArgumentException("A namespace of " + blockCount + " blocks");
        }
    }

    /// Namespace id (NSID).
    public int id() {
        return id;
    }

    /// Bytes of a logical block.
    public synchronized int blockSize() {
        return blockSize;
    }

    /// Bytes of metadata at the end of each block (extended LBA); 0 for none.
    public synchronized int metadataBytes() {
        return metadataBytes;
    }

    /// Formats it: afterwards it holds zeroes.
    synchronized void format(long newBlockCount, int newBlockSize, int newMetadataBytes) {
        checkFormat(newBlockCount, newBlockSize);
        blockCount = newBlockCount;
        blockSize = newBlockSize;
        metadataBytes = newMetadataBytes;
        chunks.clear();
        unreadable.clear();
    }

    /// What the namespace reports as its UUID and NGUID; null for no identity at all.
    public @Nullable UUID uuid() {
        return uuid;
    }

    /// Logical blocks.
    public synchronized long blockCount() {
        return blockCount;
    }

    synchronized void blockCount(long value) {
        blockCount = value;
    }

    /// Copies blocks out.
    ///
    /// @param lba first block; the range must lie inside the namespace
    public synchronized byte[] read(long lba, int count) {
        long start = lba * blockSize;
        byte[] data = new byte[Math.multiplyExact(count, blockSize)];
        for (int done = 0; done < data.length; ) {
            long at = start + done;
            int inChunk = (int) (at % CHUNK_BYTES);
            int bytes = Math.min(data.length - done, CHUNK_BYTES - inChunk);
            byte[] chunk = chunks.get(at / CHUNK_BYTES);
            if (chunk != null) {
                System.arraycopy(chunk, inChunk, data, done, bytes);
            }
            done += bytes;
        }
        return data;
    }

    /// Copies blocks in.
    ///
    /// @param data whole blocks
    public synchronized void write(long lba, byte[] data) {
        long start = lba * blockSize;
        for (int done = 0; done < data.length; ) {
            long at = start + done;
            int inChunk = (int) (at % CHUNK_BYTES);
            int bytes = Math.min(data.length - done, CHUNK_BYTES - inChunk);
            byte[] chunk = chunks.computeIfAbsent(at / CHUNK_BYTES, key -> new byte[CHUNK_BYTES]);
            System.arraycopy(data, done, chunk, inChunk, bytes);
            done += bytes;
        }
        readable(lba, data.length / blockSize);
    }

    /// Sets blocks to zeroes.
    public synchronized void zero(long lba, long count) {
        for (long block = lba; block < lba + count; block++) {
            byte[] chunk = chunks.get(block * blockSize / CHUNK_BYTES);
            if (chunk != null) {
                int inChunk = (int) (block * blockSize % CHUNK_BYTES);
                Arrays.fill(chunk, inChunk, inChunk + blockSize, (byte) 0);
            }
        }
        readable(lba, count);
    }

    /// Lets reads of these blocks fail with Unrecovered Read Error until they are written.
    public void makeUnreadable(long lba, long count) {
        for (long block = lba; block < lba + count; block++) {
            unreadable.put(block, true);
        }
    }

    private void readable(long lba, long count) {
        if (!unreadable.isEmpty()) {
            unreadable.keySet().removeIf(block -> block >= lba && block < lba + count);
        }
    }

    boolean isReadable(long lba, long count) {
        return unreadable.isEmpty()
                || unreadable.keySet().stream().noneMatch(b -> b >= lba && b < lba + count);
    }

    @Override
    public String toString() {
        return "namespace "
                + Integer.toUnsignedString(id)
                + ", "
                + blockCount()
                + " blocks of "
                + blockSize
                + " bytes";
    }
}
