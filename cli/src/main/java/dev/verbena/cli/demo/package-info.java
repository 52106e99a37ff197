/// Everything once, on a target whose content may be overwritten: `verbena demo`.
package dev.verbena.cli.demo;
