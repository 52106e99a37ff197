@NullMarked
package dev.verbena.cli.admin;

import org.jspecify.annotations.NullMarked;
