/// The whole library against a real target. Needs an RDMA device: run by `./verify e2e`, which
/// starts the rig.
@NullMarked
package dev.verbena.e2e;

import org.jspecify.annotations.NullMarked;
