/**
 * In-band authentication by DH-HMAC-CHAP (NVM Express Base Specification 2.0, section 8.13):
 * secrets, messages, cryptography, and the host's side of a transaction, without any I/O.
 *
 * <p>Secrets never appear in {@code toString} or in messages of exceptions.
 */
package dev.verbena.nvme.auth;
