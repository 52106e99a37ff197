/// What Verbena's own modules may do beyond the public API.
package dev.verbena.verbs.raw;
