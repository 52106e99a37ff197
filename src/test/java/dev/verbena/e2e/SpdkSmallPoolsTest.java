package dev.verbena.e2e;

/// A target with few buffers and work requests.
@TargetTest({"--buffers", "64:8", "--data-wrs", "64"})
@OnlyWith(value = TargetControl.SPDK, because = "Linux's target has no such option")
class SpdkSmallPoolsTest extends SpdkScarcityCases {}
