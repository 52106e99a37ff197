/** Byte access shared by the packages of this module; not exported. */
package dev.verbena.nvme.internal;
