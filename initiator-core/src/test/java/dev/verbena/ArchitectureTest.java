package dev.verbena;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.verbena.internal.engine.DeviceContext;

/// The arrows between the rooms of the initiator (design, "The house"): they point downwards only.
@AnalyzeClasses(packages = "dev.verbena", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String API = "dev.verbena";
    private static final String CONTROL = "dev.verbena.internal.control";
    private static final String ENGINE = "dev.verbena.internal.engine";
    private static final String FABRIC = "dev.verbena.internal.fabric";
    private static final String MEMORY = "dev.verbena.internal.memory";
    private static final String VERBS = "dev.verbena.verbs..";
    private static final String NVME = "dev.verbena.nvme..";

    private static final DescribedPredicate<JavaClass> VALUE_TYPES =
            DescribedPredicate.describe(
                    "records, enums, exceptions, options and the sum of the events",
                    type ->
                            type.isEquivalentTo(ConnectOptions.class)
                                    || type.isRecord()
                                    || type.isEnum()
                                    || type.isAssignableTo(Throwable.class));

    @ArchTest
    static final ArchRule ARROWS_POINT_DOWNWARDS =
            layeredArchitecture()
                    .consideringOnlyDependenciesInAnyPackage("dev.verbena.internal..")
                    .layer("control")
                    .definedBy(CONTROL)
                    .layer("engine")
                    .definedBy(ENGINE)
                    .layer("fabric")
                    .definedBy(FABRIC)
                    .layer("memory")
                    .definedBy(MEMORY)
                    .whereLayer("control")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("engine")
                    .mayOnlyBeAccessedByLayers("control")
                    .whereLayer("fabric")
                    .mayOnlyBeAccessedByLayers("control", "engine")
                    .whereLayer("memory")
                    .mayOnlyBeAccessedByLayers("control", "engine", "fabric")
                    .because("an arrow upwards makes a room impossible to test without the house");

    @ArchTest
    static final ArchRule INTERNALS_USE_ONLY_VALUE_TYPES_OF_THE_API =
            noClasses()
                    .that()
                    .resideInAPackage("dev.verbena.internal..")
                    .should()
                    .dependOnClassesThat(resideInAPackage(API).and(not(VALUE_TYPES)))
                    .because(
                            "the API stands above: below it only its options and exceptions exist");

    @ArchTest
    static final ArchRule ONLY_FABRIC_AND_MEMORY_KNOW_VERBS =
            noClasses()
                    .that()
                    .resideInAnyPackage(API, CONTROL, ENGINE)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(VERBS)
                    .because("everything above the fabric has to run without a device");

    @ArchTest
    static final ArchRule MEMORY_KNOWS_NOTHING_OF_NVME =
            noClasses()
                    .that()
                    .resideInAPackage(MEMORY)
                    .should()
                    .dependOnClassesThat(resideInAPackage(NVME));

    @ArchTest
    static final ArchRule ENGINE_AND_CONTROL_KNOW_FABRIC_BY_ITS_INTERFACES =
            noClasses()
                    .that()
                    .resideInAnyPackage(CONTROL, ENGINE)
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage(FABRIC, MEMORY)
                                    .and(
                                            DescribedPredicate.describe(
                                                    "are called Verbs…",
                                                    type ->
                                                            type.getSimpleName()
                                                                    .startsWith("Verbs"))));

    @ArchTest
    static final ArchRule NOBODY_ELSE_CALLS_NATIVE_CODE =
            noClasses()
                    .that()
                    .resideOutsideOfPackage(VERBS)
                    .should()
                    .dependOnClassesThat()
                    .haveFullyQualifiedName("java.lang.foreign.Linker")
                    .orShould()
                    .dependOnClassesThat()
                    .haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
                    .orShould()
                    .callMethodWhere(
                            DescribedPredicate.describe(
                                    "restricted MemorySegment.reinterpret",
                                    call ->
                                            call.getTargetOwner()
                                                            .isAssignableTo(
                                                                    java.lang.foreign.MemorySegment
                                                                            .class)
                                                    && call.getName().equals("reinterpret")))
                    .because("users grant native access to dev.verbena.verbs only");

    @ArchTest
    static final ArchRule COMMANDS_ARE_STARTED_WITH_THE_LIMITS_OF_A_NAMESPACE_THAT_IS_THERE =
            noClasses()
                    .that()
                    .resideInAPackage(ENGINE)
                    .and()
                    .doNotHaveSimpleName("RequestErrors")
                    .should()
                    .callMethod(DeviceContext.class, "lastLimits")
                    .because(
                            "what starts a command has to ask DeviceContext.present, which says no when"
                                    + " the namespace id belongs to another content");

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("dev.verbena.internal.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule NOT_VACUOUS =
            classes()
                    .that()
                    .haveFullyQualifiedName("dev.verbena.internal.engine.CommandQueue")
                    .should()
                    .resideInAPackage(ENGINE);
}
