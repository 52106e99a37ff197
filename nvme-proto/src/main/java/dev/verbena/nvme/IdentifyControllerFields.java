package dev.verbena.nvme;

/** The fields of Identify Controller, for rendering. */
final class IdentifyControllerFields {
    static final FieldTable TABLE =
            FieldTable.of(
                    """
                    vid 0 2 hex
                    ssvid 2 2 hex
                    sn 4 20 ascii
                    mn 24 40 ascii
                    fr 64 8 ascii
                    rab 72 1 dec
                    ieee 73 3 hex6
                    cmic 76 1 hex
                    mdts 77 1 dec
                    cntlid 78 2 hex
                    ver 80 4 hex
                    rtd3r 84 4 hex
                    rtd3e 88 4 hex
                    oaes 92 4 hex
                    ctratt 96 4 hex
                    rrls 100 2 hex
                    bpcap 102 1 hex later
                    nssl 104 4 dec later
                    plsi 110 1 hex later
                    cntrltype 111 1 dec
                    fguid 112 16 uuid
                    crdt1 128 2 dec
                    crdt2 130 2 dec
                    crdt3 132 2 dec
                    crcap 134 1 hex later
                    ciu 135 1 dec later
                    cirn 136 8 hex later
                    nvmsr 253 1 dec
                    vwci 254 1 dec
                    mec 255 1 dec
                    oacs 256 2 hex
                    acl 258 1 dec
                    aerl 259 1 dec
                    frmw 260 1 hex
                    lpa 261 1 hex
                    elpe 262 1 dec
                    npss 263 1 dec
                    avscc 264 1 hex
                    apsta 265 1 hex
                    wctemp 266 2 dec
                    cctemp 268 2 dec
                    mtfa 270 2 dec
                    hmpre 272 4 dec
                    hmmin 276 4 dec
                    tnvmcap 280 16 big
                    unvmcap 296 16 big
                    rpmbs 312 4 hex
                    edstt 316 2 dec
                    dsto 318 1 dec
                    fwug 319 1 dec
                    kas 320 2 dec
                    hctma 322 2 hex
                    mntmt 324 2 dec
                    mxtmt 326 2 dec
                    sanicap 328 4 hex
                    hmminds 332 4 dec
                    hmmaxd 336 2 dec
                    nsetidmax 338 2 dec
                    endgidmax 340 2 dec
                    anatt 342 1 dec
                    anacap 343 1 dec
                    anagrpmax 344 4 dec
                    nanagrpid 348 4 dec
                    pels 352 4 dec
                    domainid 356 2 dec
                    kpioc 358 1 hex later
                    mptfawr 360 2 dec later
                    megcap 368 16 big
                    tmpthha 384 1 hex later
                    cqt 386 2 dec later
                    sqes 512 1 hex
                    cqes 513 1 hex
                    maxcmd 514 2 dec
                    nn 516 4 dec
                    oncs 520 2 hex
                    fuses 522 2 hex
                    fna 524 1 hex
                    vwc 525 1 hex
                    awun 526 2 dec
                    awupf 528 2 dec
                    icsvscc 530 1 dec
                    nwpc 531 1 dec
                    acwu 532 2 dec
                    ocfs 534 2 hex
                    sgls 536 4 hex
                    mnan 540 4 dec
                    maxdna 544 16 big
                    maxcna 560 4 dec
                    oaqd 564 4 dec later
                    rhiri 568 1 dec later
                    hirt 569 1 dec later
                    cmmrtd 570 2 dec later
                    nmmrtd 572 2 dec later
                    minmrtg 574 1 dec later
                    maxmrtg 575 1 dec later
                    trattr 576 1 hex later
                    mcudmq 578 2 dec later
                    mnsudmq 580 2 dec later
                    mcmr 582 2 dec later
                    nmcmr 584 2 dec later
                    mcdqpc 586 2 dec later
                    subnqn 768 256 utf8
                    ioccsz 1792 4 dec
                    iorcsz 1796 4 dec
                    icdoff 1800 2 dec
                    fcatt 1802 1 hex
                    msdbd 1803 1 dec
                    ofcs 1804 2 dec
                    dctype 1806 1 dec later
                    ccrl 1807 1 dec later
                    """);

    private IdentifyControllerFields() {}
}
