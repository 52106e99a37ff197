package dev.verbena.nvme;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The module's own classes, for tests that must leave none out. */
final class ModuleClasses {
    private ModuleClasses() {}

    /** All public classes, also nested ones, except those of internal packages. */
    static List<Class<?>> all() throws IOException, URISyntaxException, ClassNotFoundException {
        Path root = Path.of(Nqn.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> names;
        try (Stream<Path> files = Files.walk(root)) {
            names =
                    files.map(file -> root.relativize(file).toString())
                            .filter(name -> name.endsWith(".class") && name.contains("nvme"))
                            .filter(name -> !name.contains("internal"))
                            .map(name -> name.substring(0, name.length() - 6).replace('/', '.'))
                            .toList();
        }
        List<Class<?>> classes = new ArrayList<>();
        for (String name : names) {
            Class<?> type = Class.forName(name);
            if (Modifier.isPublic(type.getModifiers())) {
                classes.add(type);
            }
        }
        if (!classes.contains(FeatureValues.Timestamp.class)) {
            throw new AssertionError("these are not the module's classes: " + root);
        }
        return classes;
    }

    /** Class and method, as {@code FeatureValues$Timestamp.decode}. */
    static String name(Method method) {
        Class<?> type = method.getDeclaringClass();
        return type.getName().substring(type.getPackageName().length() + 1)
                + "."
                + method.getName();
    }
}
