/// The library through the real bindings, over the null fabric (`bench/nullfabric`): quick, and
/// possible on any machine. Run by `./verify native`.
@NullMarked
package dev.verbena.nativefabric;

import org.jspecify.annotations.NullMarked;
