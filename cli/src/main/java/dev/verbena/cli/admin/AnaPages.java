package dev.verbena.cli.admin;

import dev.verbena.nvme.log.AnaLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Reads the whole ANA log, however long it is. How long that may be, a controller says in numbers
/// of 32 bits; how long it is, the log itself says.
final class AnaPages {
    /// More than any log; a controller must not fill this host's memory.
    static final int BYTES_MAX = 64 << 20;

    /// How often a log that changes meanwhile is read again.
    private static final int ATTEMPTS = 10;

    private AnaPages() {}

    /// One command.
    interface Reader {
        byte[] read(long offset, int bytes) throws IOException;
    }

    /// Reads the log. Some controllers ignore the offset, so that one command for all of it is the
    /// better way where it fits.
    ///
    /// @param pieceBytes what one command asks for
    /// @return the log, not a byte more
    /// @throws IOException when it goes on changing, or has no end
    static byte[] read(Reader reader, int pieceBytes) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Pieces pieces = new Pieces(reader, pieceBytes);
            byte[] log = pieces.all();
            boolean whole =
                    log.length <= pieceBytes
                            || ByteBuffer.wrap(reader.read(0, AnaLog.HEADER_SIZE))
                                            .mismatch(ByteBuffer.wrap(log, 0, AnaLog.HEADER_SIZE))
                                    < 0;
            if (whole) {
                return log;
            }
        }
        throw new IOException("The ANA log changed each time it was read; try again");
    }

    /// The log as far as it has been looked at.
    private static final class Pieces {
        private final Reader reader;
        private byte[] bytes = {};

        private final int pieceBytes;

        Pieces(Reader reader, int pieceBytes) {
            this.reader = reader;
            this.pieceBytes = pieceBytes;
        }

        byte[] all() throws IOException {
            int groups = Short.toUnsignedInt(at(0, AnaLog.HEADER_SIZE).getShort(8));
            long end = AnaLog.HEADER_SIZE;
            for (int i = 0; i < groups; i++) {
                int offset = (int) end;
                long namespaces =
                        Integer.toUnsignedLong(at(end, AnaLog.GROUP_SIZE).getInt(offset + 4));
                end += AnaLog.GROUP_SIZE + 4 * namespaces;
                at(offset, (int) Math.min(end - offset, BYTES_MAX + 1L));
            }
            return Arrays.copyOf(bytes, (int) end);
        }

        private ByteBuffer at(long offset, int count) throws IOException {
            if (offset + count > BYTES_MAX) {
                throw new IOException(
                        "The controller claims an ANA log of more than " + BYTES_MAX + " bytes");
            }
            while (bytes.length < offset + count) {
                byte[] piece = reader.read(bytes.length, pieceBytes);
                int old = bytes.length;
                if (old > 0
                        && Arrays.equals(
                                piece, 0, piece.length, bytes, 0, Math.min(old, piece.length))) {
                    throw new IOException(
                            "The controller ignores the offset of Get Log Page, and its ANA log does"
                                    + " not fit one command of "
                                    + pieceBytes
                                    + " bytes");
                }
                bytes = Arrays.copyOf(bytes, old + piece.length);
                System.arraycopy(piece, 0, bytes, old, piece.length);
            }
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
