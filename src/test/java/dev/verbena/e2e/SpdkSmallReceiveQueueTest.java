package dev.verbena.e2e;

/// A target with a shared receive queue of 16 entries.
@TargetTest({"--srq-depth", "16"})
@OnlyWith(value = TargetControl.SPDK, because = "Linux's target has no such option")
class SpdkSmallReceiveQueueTest extends SpdkScarcityCases {}
