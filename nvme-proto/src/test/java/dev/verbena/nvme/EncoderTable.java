package dev.verbena.nvme;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where encoders that write into memory put their arguments: one line for each, for {@link
 * EncoderRoundTripTest}. Written from the specification's tables, not from the encoders.
 *
 * <p>A line is the method, how it writes, and its parameters in their order. Ways to write:
 *
 * <ul>
 *   <li>{@code cmd=XX}: a whole submission entry of this opcode, with the SGL that says "no data"
 *   <li>{@code new=N}: N bytes, those without a field 0
 *   <li>{@code set=N}: fields within N bytes, the others kept
 * </ul>
 *
 * <p>A parameter is {@code name@DWORD.BIT/WIDTH}, possibly with
 *
 * <ul>
 *   <li>{@code +DWORD.BIT/WIDTH}: the value's upper bits
 *   <li>{@code -1}: one less is stored; {@code *4-1}: a count of dwords minus one for a count of
 *       bytes; {@code *4}: dwords for bytes
 *   <li>{@code <<N}: the argument has its bits N higher
 *   <li>{@code be}: big-endian
 *   <li>{@code >V} or {@code <V}: the stored value is more, or less, than V
 * </ul>
 *
 * <p>{@code name=V} is an argument that is always V, {@code name=V@…} one that is stored, {@code
 * =V@…} what is stored without an argument; {@code at=N} that fields begin after N bytes.
 */
final class EncoderTable {
    /** Places of one value, lower bits first. */
    record Place(int bit, int width) {}

    /**
     * A parameter, or what is stored without one.
     *
     * @param argument whether it is one of the method's parameters
     * @param fixed the value it always has, or null
     * @param places where it is stored, possibly nowhere
     */
    record Field(
            String name,
            boolean argument,
            @org.jspecify.annotations.Nullable Long fixed,
            List<Place> places,
            int multiple,
            int less,
            int shift,
            boolean bigEndian,
            long above,
            long below) {
        int width() {
            return places.stream().mapToInt(Place::width).sum();
        }
    }

    /**
     * An encoder.
     *
     * @param method class and method, as {@code NvmCommands.read}
     * @param size bytes it owns
     * @param keeps whether bits without a field are kept
     * @param at bytes before the first field
     */
    record Line(String method, int size, boolean keeps, int at, List<Field> fields) {
        long arguments() {
            return fields.stream().filter(Field::argument).count();
        }

        /** As in {@code NvmCommands.read/5}: the parameters after memory and offset. */
        String key() {
            return method + "/" + arguments();
        }

        @Override
        public String toString() {
            return key();
        }
    }

    private static final Pattern FIELD =
            Pattern.compile(
                    "(?<name>[A-Za-z0-9]*)(=(?<fixed>-?\\w+))?(@(?<place>[0-9./+]+?)"
                            + "(\\*(?<multiple>[0-9]+))?(-(?<less>1))?(<<(?<shift>[0-9]+))?(?<be>be)?"
                            + "(>(?<above>[0-9]+))?(<(?<below>[0-9]+))?)?");

    private static final String ID = " cid@0.16/16 ";
    private static final String NS = " cid@0.16/16 nsid@1.0/32 ";
    private static final String BLOCKS = NS + "slba@10.0/64 count@12.0/16-1 ";
    private static final String RANGED = BLOCKS + "flags@12.16/16<<16";

    private static final String TABLE =
            """
            FabricsCommands.connect cmd=7F {ID} =1@1.0/8 queue@10.16/16 size@11.0/16>0 attributes@11.16/8 keepAlive@12.0/32
            FabricsCommands.propertyGet cmd=7F {ID} =4@1.0/8 property@11.0/16 eight@10.0/1
            FabricsCommands.propertySet cmd=7F {ID} =0@1.0/8 property@11.0/16 eight=1@10.0/1 value@12.0/64
            FabricsCommands.propertySet cmd=7F {ID} =0@1.0/8 property@11.0/16 eight=0@10.0/1 value@12.0/32
            FabricsCommands.authenticationSend cmd=7F {ID} =5@1.0/8 =0xE90101@10.8/24 length@11.0/31>0
            FabricsCommands.authenticationReceive cmd=7F {ID} =6@1.0/8 =0xE90101@10.8/24 length@11.0/31>0
            FabricsCommands.disconnect cmd=7F {ID} =8@1.0/8
            AdminCommands.identify cmd=06 {ID} cns@10.0/8 nsid@1.0/32 cntid@10.16/16 csi@11.24/8
            AdminCommands.identify cmd=06 {ID} cns@10.0/8 nsid@1.0/32 cntid@10.16/16 csi@11.24/8 specific@11.0/16 uuid@14.0/7
            AdminCommands.getLogPage cmd=02 {NS} lid@10.0/8 lsp@10.8/7 rae@10.15/1 numd@10.16/16+11.0/13*4-1<536870911 lpo@12.2/61*4
            AdminCommands.getLogPage cmd=02 {NS} lid@10.0/8 lsp@10.8/7 rae@10.15/1 numd@10.16/16+11.0/13*4-1<536870911 lpo@12.2/61*4 lsi@11.16/16 csi@14.24/8 uuid@14.0/7
            AdminCommands.logPageIndex set=64 index@12.0/64 =1@14.23/1
            AdminCommands.setFeatures cmd=09 {ID} fid@10.0/8 save@10.31/1 nsid@1.0/32 value@11.0/32
            AdminCommands.getFeatures cmd=0A {ID} fid@10.0/8 select@10.8/3 nsid@1.0/32 value@11.0/32
            AdminCommands.keepAlive cmd=18 {ID}
            AdminCommands.asynchronousEventRequest cmd=0C {ID}
            AdminCommands.abort cmd=08 {ID} sqid@10.0/16 aborted@10.16/16
            ManagementCommands.formatNvm cmd=80 {NS} lbaf@10.0/4+10.12/2 extended@10.4/1 pi@10.5/3 first@10.8/1 erase@10.9/3
            ManagementCommands.sanitize cmd=84 {ID} action@10.0/3 ause@10.3/1 passes@10.4/4 invert@10.8/1 nodealloc@10.9/1 pattern@11.0/32
            ManagementCommands.createNamespace cmd=0D {ID} csi@11.24/8
            ManagementCommands.deleteNamespace cmd=0D {NS} =1@10.0/4
            ManagementCommands.attachNamespace cmd=15 {NS}
            ManagementCommands.detachNamespace cmd=15 {NS} =1@10.0/4
            ManagementCommands.firmwareDownload cmd=11 {ID} numd@10.0/29*4-1<536870911 image@11.0/32*4
            ManagementCommands.firmwareCommit cmd=10 {ID} slot@10.0/3 action@10.3/3 boot@10.31/1
            ManagementCommands.deviceSelfTest cmd=14 {NS} code@10.0/4
            ManagementCommands.directiveSend cmd=19 {NS} type@11.8/8 operation@11.0/8 specific@11.16/16 numd@10.0/29*4-1<536870911 dword12@12.0/32
            ManagementCommands.directiveReceive cmd=1A {NS} type@11.8/8 operation@11.0/8 specific@11.16/16 numd@10.0/29*4-1<536870911 dword12@12.0/32
            ManagementCommands.crossControllerReset cmd=38 {ID} cntid@10.16/16 ciu@10.8/8 cirn@12.0/64
            SecurityCommands.send cmd=81 {NS} secp@10.24/8 spsp@10.8/16 nssf@10.0/8 length@11.0/31
            SecurityCommands.receive cmd=82 {NS} secp@10.24/8 spsp@10.8/16 nssf@10.0/8 length@11.0/31
            ReservationCommands.register cmd=0D {NS} action@10.0/3 iekey@10.3/1 cptpl@10.30/2
            ReservationCommands.acquire cmd=11 {NS} action@10.0/3 iekey@10.3/1 type@10.8/8
            ReservationCommands.release cmd=15 {NS} action@10.0/3 iekey@10.3/1 type@10.8/8
            ReservationCommands.report cmd=0E {NS} numd@10.0/29*4-1<536870911 =1@11.0/1
            ReservationCommands.keys new=16 current@0.0/64 other@2.0/64
            ReservationCommands.key new=8 current@0.0/64
            NvmCommands.ranged cmd=00 opcode@0.0/8 {RANGED}
            NvmCommands.keyed cmd=00 opcode@0.0/8 {RANGED} address@6.0/64 length@8.0/24 key@8.24/8+9.0/24
            NvmCommands.read cmd=02 {RANGED}
            NvmCommands.write cmd=01 {RANGED}
            NvmCommands.compare cmd=05 {RANGED}
            NvmCommands.writeZeroes cmd=08 {RANGED}
            NvmCommands.verify cmd=0C {RANGED}
            NvmCommands.writeUncorrectable cmd=04 {BLOCKS}
            NvmCommands.flush cmd=00 {NS}
            NvmCommands.datasetManagement cmd=09 {NS} ranges@10.0/8-1 attributes@11.0/3
            NvmCommands.copy cmd=19 {NS} slba@10.0/64 ranges@12.0/8-1 format@12.8/4<4 prinfor@12.12/4 flags@12.16/16<<16
            NvmCommands.cancel cmd=18 {NS} sqid@10.0/16 canceled@10.16/16 action@11.0/2
            NvmCommands.hints set=64 dsm@13.0/8 type@12.20/4 specific@13.16/16 =0@13.8/8
            IoManagementCommands.receive cmd=12 {NS} mo@10.0/8 mos@10.16/16 numd@11.0/29*4-1<536870911
            IoManagementCommands.send cmd=1D {NS} mo@10.0/8 mos@10.16/16
            ZoneCommands.managementSend cmd=79 {NS} slba@10.0/64 action@13.0/8 all@13.8/1 zrwa@13.9/1
            ZoneCommands.managementReceive cmd=7A {NS} slba@10.0/64 action@13.0/8 filter@13.8/8 partial@13.16/1 numd@12.0/29*4-1<536870911
            ZoneCommands.append cmd=7D {RANGED}
            ProtectionInformation.encode set=64 reference@14.0/32 =0@2.0/64 tag@15.0/16 mask@15.16/16
            ProtectionInformation.encode set=64 upper@2.0/16 lower@14.0/32+3.0/32 =0@2.16/16 tag@15.0/16 mask@15.16/16
            DatasetRanges.encode new=16 index=0 attributes@0.0/32 slba@2.0/64 blocks@1.0/32
            DatasetRanges.encode new=16 at=48 index=3 attributes@0.0/32 slba@2.0/64 blocks@1.0/32
            DatasetRanges.clear new=4096
            CopyRanges.encode new=32 index=0 format=0 nsid=0 slba@2.0/64 count@4.0/16-1
            CopyRanges.encode new=40 at=80 index=2 format=1 nsid=0 slba@2.0/64 count@4.0/16-1
            CopyRanges.encode new=32 at=32 index=1 format=2 nsid@0.0/32 slba@2.0/64 count@4.0/16-1
            CopyRanges.encode new=40 at=40 index=1 format=3 nsid@0.0/32 slba@2.0/64 count@4.0/16-1
            CopyRanges.options set=32 at=32 index=1 format=2 sopt@5.16/16
            CopyRanges.options set=40 at=40 index=1 format=3 sopt@5.16/16
            CopyRanges.protection set=32 at=64 index=2 format=0 upper=0 lower@6.0/32be tag@7.0/16 mask@7.16/16
            CopyRanges.protection set=40 at=40 index=1 format=1 upper@6.16/16be lower@7.0/64be tag@9.0/16 mask@9.16/16
            CopyRanges.protection set=32 index=0 format=2 upper=0 lower@6.0/32be tag@7.0/16 mask@7.16/16
            CopyRanges.protection set=40 index=0 format=3 upper@6.16/16be lower@7.0/64be tag@9.0/16 mask@9.16/16
            Sgl.none set=64 {SGL} =0@6.0/64 =0@8.0/56 =0x40@9.24/8
            Sgl.keyed set=64 {SGL} address@6.0/64 length@8.0/24 key@8.24/8+9.0/24 =0x40@9.24/8
            Sgl.keyedInvalidate set=64 {SGL} address@6.0/64 length@8.0/24 key@8.24/8+9.0/24 =0x4F@9.24/8
            Sgl.inCapsule set=64 {SGL} place@6.0/32 =0@7.0/32 length@8.0/31 =0@8.31/1 =1@9.24/8 =0@9.0/24
            Sgl.lastSegment set=64 {SGL} place@6.0/64 count@8.4/16>0 =0@8.0/4 =0@8.20/12 =0@9.0/24 =0x31@9.24/8
            Sgl.keyedDescriptor new=16 address@0.0/64 length@2.0/24 key@2.24/8+3.0/24 invalidate=0 =0x40@3.24/8
            Sgl.keyedDescriptor new=16 address@0.0/64 length@2.0/24 key@2.24/8+3.0/24 invalidate=1 =0x4F@3.24/8
            Sgl.inCapsuleDescriptor new=16 place@0.0/32 length@2.0/31 =1@3.24/8
            Sgl.dataBlockDescriptor new=16 address@0.0/64 length@2.0/31
            Sgl.bitBucketDescriptor new=16 length@2.0/31 =0x10@3.24/8
            Sgl.segmentDescriptor new=16 place@0.0/64 count@2.4/16>0 =0x21@3.24/8
            SubmissionEntry.begin cmd=00 opcode@0.0/8 cid@0.16/16 nsid@1.0/32
            SubmissionEntry.commandId set=64 cid@0.16/16
            SubmissionEntry.opcode set=64 opcode@0.0/8
            SubmissionEntry.namespaceId set=64 nsid@1.0/32
            SubmissionEntry.dword set=64 n=11 value@11.0/32
            SubmissionEntry.fused set=64 fused@0.8/2<3
            CompletionEntry.encode new=16 result@0.0/64 sqhd@2.0/16 sqid@2.16/16 cid@3.0/16 status@3.17/15
            """;

    private EncoderTable() {}

    static List<Line> lines() {
        String table =
                TABLE.replace("{ID}", ID)
                        .replace("{NS}", NS)
                        .replace("{RANGED}", RANGED)
                        .replace("{BLOCKS}", BLOCKS)
                        // Data pointer type SGL; reserved flags 0.
                        .replace("{SGL}", "=0x10@0.10/6");
        return table.lines().map(EncoderTable::line).toList();
    }

    private static Line line(String text) {
        String[] words = text.strip().split(" +", -1);
        String[] way = words[1].split("=", -1);
        boolean command = way[0].equals("cmd");
        int size = command ? SubmissionEntry.SIZE : Integer.parseInt(way[1]);
        int at = 0;
        List<Field> fields = new ArrayList<>();
        if (command) {
            fields.add(field("=0x40@0.8/8"));
            fields.add(field("=0x40@9.24/8"));
            if (!words[2].startsWith("opcode@")) {
                fields.add(field("=0x" + way[1] + "@0.0/8"));
            }
        }
        for (int i = 2; i < words.length; i++) {
            if (words[i].startsWith("at=")) {
                at = Integer.parseInt(words[i].substring(3));
            } else {
                fields.add(field(words[i]));
            }
        }
        return new Line(words[0], size, way[0].equals("set"), at, List.copyOf(fields));
    }

    private static Field field(String text) {
        Matcher m = FIELD.matcher(text);
        if (!m.matches()) {
            throw new IllegalArgumentException(text);
        }
        List<Place> places = new ArrayList<>();
        if (m.group("place") != null) {
            for (String place : m.group("place").split("\\+", -1)) {
                String[] numbers = place.split("[./]", -1);
                places.add(
                        new Place(
                                32 * Integer.parseInt(numbers[0]) + Integer.parseInt(numbers[1]),
                                Integer.parseInt(numbers[2])));
            }
        }
        return new Field(
                m.group("name"),
                !m.group("name").isEmpty(),
                m.group("fixed") == null ? null : Long.decode(m.group("fixed")),
                List.copyOf(places),
                (int) number(m.group("multiple"), 1),
                (int) number(m.group("less"), 0),
                (int) number(m.group("shift"), 0),
                m.group("be") != null,
                number(m.group("above"), -1),
                number(m.group("below"), Long.MAX_VALUE));
    }

    private static long number(@org.jspecify.annotations.Nullable String text, long otherwise) {
        return text == null ? otherwise : Long.parseLong(text);
    }
}
