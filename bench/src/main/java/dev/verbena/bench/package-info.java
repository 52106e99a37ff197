/// JMH benchmarks; `bench/README.md` says how to run them and how to be fooled by them.
@NullMarked
package dev.verbena.bench;

import org.jspecify.annotations.NullMarked;
