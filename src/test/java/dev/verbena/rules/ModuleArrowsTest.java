package dev.verbena.rules;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Test;

/// The arrows between modules that point downwards only.
class ModuleArrowsTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("dev.verbena");

    @Test
    void wireStructuresAndVerbs_doNotKnowEachOther() {
        noClasses()
                .that()
                .resideInAPackage("dev.verbena.nvme..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.verbena.verbs..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.verbena.verbs..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.verbena.nvme..")
                .check(CLASSES);
    }

    @Test
    void lowerModules_doNotKnowTheInitiator() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.verbena.nvme..", "dev.verbena.verbs..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.verbena",
                        "dev.verbena.internal..",
                        "dev.verbena.channel..",
                        "dev.verbena.testkit..",
                        "dev.verbena.cli..")
                .check(CLASSES);
    }

    @Test
    void theTestkit_isKnownToTestsOnlyAndNeedsNoVerbs() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.verbena.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.verbena.testkit..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.verbena.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.verbena.verbs..", "dev.verbena.cli..")
                .check(CLASSES);
    }

    @Test
    void theCommand_usesThePublicApiOnly() {
        noClasses()
                .that()
                .resideInAPackage("dev.verbena.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.verbena.internal..", "dev.verbena.verbs.ffi..")
                .check(CLASSES);
    }

    @Test
    void nativeAccess_staysInVerbs() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.verbena.verbs..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Linker.class)
                .check(CLASSES);
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.verbena.verbs..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(SymbolLookup.class)
                .check(CLASSES);
    }
}
