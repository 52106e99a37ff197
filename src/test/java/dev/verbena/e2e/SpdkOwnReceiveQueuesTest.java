package dev.verbena.e2e;

/// A target with receive queues of 16 entries for each connection.
@TargetTest({"--no-srq", "--max-queue-size", "16"})
@OnlyWith(value = TargetControl.SPDK, because = "Linux's target has no such option")
class SpdkOwnReceiveQueuesTest extends SpdkScarcityCases {}
