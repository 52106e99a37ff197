@NullMarked
package dev.verbena.cli.io;

import org.jspecify.annotations.NullMarked;
