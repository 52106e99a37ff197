@NullMarked
package dev.verbena.cli.doctor;

import org.jspecify.annotations.NullMarked;
