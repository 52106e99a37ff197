/// What an I/O costs in CPU time, level by level; meant for the null fabric, where nothing else
/// costs anything.
@NullMarked
package dev.verbena.bench.cost;

import org.jspecify.annotations.NullMarked;
