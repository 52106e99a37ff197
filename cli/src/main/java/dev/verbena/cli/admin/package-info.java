/// Commands that ask a controller about itself, and raw commands.
package dev.verbena.cli.admin;
