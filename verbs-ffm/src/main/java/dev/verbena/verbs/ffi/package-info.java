/// The binding: which native functions exist, how each reports its errors, and how they are called.
///
/// Addresses enter and leave as `long`; failures leave as exceptions of the exported package.
/// Nothing above this package sees an errno convention or a method handle.
package dev.verbena.verbs.ffi;
