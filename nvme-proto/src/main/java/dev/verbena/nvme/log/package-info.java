/** Log pages (NVM Express Base Specification 2.0, section 5.16.1). */
package dev.verbena.nvme.log;
