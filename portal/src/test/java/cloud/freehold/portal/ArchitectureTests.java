package cloud.freehold.portal;

import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.have;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import cloud.freehold.portal.common.TenantId;
import cloud.freehold.portal.database.SystemAccess;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import jakarta.persistence.Entity;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.data.repository.CrudRepository;
import org.springframework.data.repository.Repository;

class ArchitectureTests {

    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("cloud.freehold.portal");

    @Test
    void whatAnswersRequestsIsNotPublic() {
        classes()
                .that()
                .resideInAPackage("..web..")
                .and(are(DescribedPredicate.describe("top level", JavaClass::isTopLevelClass)))
                .should()
                .notBePublic()
                .check(CODE);
    }

    @Test
    void entitiesStayInside() {
        classes()
                .that()
                .areAnnotatedWith(Entity.class)
                .should()
                .notBePublic()
                .allowEmptyShould(true)
                .check(CODE);
    }

    @Test
    void repositoriesOfferOnlyWhatTheyDeclare() {
        noClasses()
                .that()
                .areAssignableTo(Repository.class)
                .should()
                .beAssignableTo(CrudRepository.class)
                .because("inherited look-ups such as findById take no tenant")
                .allowEmptyShould(true)
                .check(CODE);
    }

    @Test
    void lookUpsTakeTheTenant() {
        methods()
                .that()
                .areDeclaredInClassesThat(are(DescribedPredicate.describe(
                        "repositories of tenants' data", type -> type.isAssignableTo(Repository.class))))
                .and(have(DescribedPredicate.describe(
                        "a name that reads or deletes by key",
                        method -> method.getName().matches("(find|get|read|count|exists|delete).*"))))
                .should(takeATenant())
                .allowEmptyShould(true)
                .check(CODE);
    }

    @Test
    void timeComesFromTheClock() {
        noClasses()
                .that()
                .resideOutsideOfPackage("cloud.freehold.portal.common")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(OffsetDateTime.class, "now")
                .orShould()
                .callMethod(LocalDate.class, "now")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .check(CODE);
    }

    @Test
    void nothingIsInjectedIntoFields() {
        fields().should().notBeAnnotatedWith(Autowired.class).check(CODE);
    }

    /** Who works across tenants is a short list; a feature of tenants does not belong on it. */
    @Test
    void workAcrossTenantsIsRare() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "..database..",
                        "..identity..",
                        "..members..",
                        "..audit..",
                        "..hostlink..",
                        "..live..",
                        "..operation..",
                        "..notification.delivery..",
                        "..backup.hosting..",
                        "..backup.schedule..",
                        "..network.provider..",
                        "..demo..")
                .and()
                .doNotHaveSimpleName("UnconfirmedChanges")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(SystemAccess.class)
                .check(CODE);
    }

    private static ArchCondition<JavaMethod> takeATenant() {
        return new ArchCondition<>("take a TenantId or a tenant's UUID first") {
            @Override
            public void check(JavaMethod method, ConditionEvents events) {
                boolean takes = !method.getRawParameterTypes().isEmpty()
                        && (method.getRawParameterTypes().get(0).isEquivalentTo(TenantId.class)
                                || method.reflect().getParameters()[0].getName().startsWith("tenant"));
                events.add(new SimpleConditionEvent(method, takes, method.getFullName()));
            }
        };
    }
}
