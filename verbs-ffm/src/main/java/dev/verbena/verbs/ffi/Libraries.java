package dev.verbena.verbs.ffi;

import dev.verbena.verbs.RdmaUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;

/// Makes sure that the native libraries can be loaded before anything touches the generated
/// classes, whose initialisers would report a missing library as a bare class-initialisation error.
public final class Libraries {
    private static volatile boolean loaded;

    private Libraries() {}

    /// Loads libibverbs and librdmacm.
    ///
    /// @throws RdmaUnavailableException saying which library or which JVM flag is missing
    public static void requireLoaded() {
        if (!loaded) {
            load("libibverbs.so.1");
            load("librdmacm.so.1");
            loaded = true;
        }
    }

    private static void load(String library) {
        try {
            SymbolLookup.libraryLookup(library, Arena.global());
        } catch (IllegalCallerException e) {
            throw new RdmaUnavailableException(
                    "native access is denied to Verbena: start java with " + nativeAccessFlag(), e);
        } catch (IllegalArgumentException e) {
            throw new RdmaUnavailableException(library + " cannot be loaded. " + Hints.PACKAGES, e);
        }
    }

    /// The flag that allows this module, or the class path it is on, to call native code.
    static String nativeAccessFlag() {
        Module module = Libraries.class.getModule();
        return "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }
}
