package cloud.freehold.agent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses AGENT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("cloud.freehold.agent");

    @Test
    void onlyDataplaneAndLibvirtTouchNativeCode() {
        noClasses()
                .that()
                .resideOutsideOfPackages("..agent.dataplane..", "..agent.libvirt..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(AGENT);
    }

    @Test
    void dataplaneAndLibvirtKnowNothingOfEachOther() {
        noClasses()
                .that()
                .resideInAPackage("..agent.dataplane..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..agent.libvirt..", "..agent.reconcile..", "..agent.portal..", "..agent.storage..")
                .check(AGENT);
        noClasses()
                .that()
                .resideInAPackage("..agent.libvirt..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "..agent.dataplane..", "..agent.reconcile..", "..agent.portal..", "..agent.storage..")
                .check(AGENT);
    }

    @Test
    void onlyThePortalPackageSpeaksHttp() {
        noClasses()
                .that()
                .resideOutsideOfPackage("..agent.portal..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.net.http..")
                .check(AGENT);
    }

    @Test
    void timeComesFromAClock() {
        noClasses().should().callMethod(java.time.Instant.class, "now").check(AGENT);
    }

    @Test
    void noSpring() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideOutsideOfPackage("org.springframework..")
                .check(AGENT);
    }
}
