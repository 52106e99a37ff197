@NullMarked
package dev.verbena.cli.base;

import org.jspecify.annotations.NullMarked;
