package cloud.freehold.portal.common;

import static org.assertj.core.api.Assertions.assertThat;

import cloud.freehold.portal.testing.PortalTest;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.RecordComponent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.ResolvableType;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.json.JsonMapper;

/** To programs an id is its text and nothing else, whichever type it has here. */
@PortalTest
class IdJsonTests {

    @Autowired
    private JsonMapper json;

    @Autowired
    @Qualifier("requestMappingHandlerMapping")
    private RequestMappingHandlerMapping mappings;

    @Test
    void everyIdIsWrittenAndReadAsText() throws ReflectiveOperationException {
        List<Class<?>> types = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("cloud.freehold.portal").stream()
                        .filter(type -> type.isRecord() && type.getSimpleName().endsWith("Id"))
                        .<Class<?>>map(JavaClass::reflect)
                        .toList();
        assertThat(types).hasSizeGreaterThan(15).allMatch(Id.class::isAssignableFrom);
        for (Class<?> type : types) {
            UUID value = UUID.randomUUID();
            Object id = type.getConstructor(UUID.class).newInstance(value);
            assertThat(json.writeValueAsString(id)).as("%s", type).isEqualTo('"' + value.toString() + '"');
            assertThat((Object) json.readValue('"' + value.toString() + '"', type))
                    .isEqualTo(id);
        }
    }

    /** What would be {@code {"value": …}} in an answer or a request. */
    @Test
    void nothingElseOfTheApiIsABoxAroundOneValue() {
        Deque<ResolvableType> open = new ArrayDeque<>();
        for (HandlerMethod handler : mappings.getHandlerMethods().values()) {
            if (handler.getBeanType().isAnnotationPresent(RestController.class)) {
                open.add(ResolvableType.forMethodReturnType(handler.getMethod()));
                for (int i = 0; i < handler.getMethodParameters().length; i++) {
                    open.add(ResolvableType.forMethodParameter(handler.getMethod(), i));
                }
            }
        }
        assertThat(open).hasSizeGreaterThan(50);
        Set<String> seen = new HashSet<>();
        Set<Class<?>> records = new HashSet<>();
        while (!open.isEmpty()) {
            ResolvableType type = open.pop();
            if (!seen.add(type.toString())) {
                continue;
            }
            open.addAll(List.of(type.getGenerics()));
            Class<?> raw = type.resolve(Object.class);
            if (raw.isRecord() && !Id.class.isAssignableFrom(raw)) {
                records.add(raw);
                for (RecordComponent part : raw.getRecordComponents()) {
                    open.add(ResolvableType.forType(part.getGenericType(), type));
                }
            }
        }
        assertThat(records).hasSizeGreaterThan(40).noneMatch(IdJsonTests::isABox);
    }

    private static boolean isABox(Class<?> type) {
        RecordComponent[] parts = type.getRecordComponents();
        return parts.length == 1 && parts[0].getName().equals("value");
    }
}
