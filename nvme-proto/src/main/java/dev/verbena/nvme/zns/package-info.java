/** The Zoned Namespace command set (Zoned Namespace Command Set Specification 1.1). */
package dev.verbena.nvme.zns;
