package cloud.freehold.portal.fuzz;

import java.lang.reflect.Constructor;
import java.lang.reflect.Parameter;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.multipart.MultipartFile;

/**
 * One mapped path with one method, and what it takes.
 *
 * @param body the type of its JSON body, null for none
 * @param fields names of its parameters and form fields
 * @param files names of its uploads
 */
record Endpoint(RequestMethod method, String path, @Nullable Type body, List<String> fields, List<String> files) {

    static Endpoint of(RequestMethod method, String path, HandlerMethod handler) {
        Type body = null;
        Set<String> fields = new LinkedHashSet<>();
        Set<String> files = new LinkedHashSet<>();
        for (MethodParameter parameter : handler.getMethodParameters()) {
            Parameter reflected = parameter.getParameter();
            String name = reflected.getName();
            if (parameter.hasParameterAnnotation(RequestBody.class)) {
                body = reflected.getParameterizedType();
            } else if (MultipartFile.class.isAssignableFrom(parameter.getParameterType())
                    || parameter.hasParameterAnnotation(RequestPart.class)) {
                files.add(name);
            } else if (parameter.hasParameterAnnotation(RequestParam.class)) {
                String given =
                        parameter.getParameterAnnotation(RequestParam.class).value();
                fields.add(given.isEmpty() ? name : given);
            } else if (parameter.hasParameterAnnotation(ModelAttribute.class)) {
                addFields(fields, "", parameter.getParameterType(), 0);
            }
        }
        return new Endpoint(method, path, body, List.copyOf(fields), List.copyOf(files));
    }

    private static void addFields(Set<String> fields, String prefix, Class<?> form, int depth) {
        if (depth > 2) {
            return;
        }
        if (form.isRecord()) {
            for (RecordComponent component : form.getRecordComponents()) {
                String name = prefix + component.getName();
                fields.add(name);
                if (List.class.isAssignableFrom(component.getType())) {
                    fields.add(name + "[0]");
                    fields.add(name + "[99999999]");
                }
                addFields(fields, name + ".", component.getType(), depth + 1);
            }
        } else if (form.getPackageName().startsWith("cloud.freehold")) {
            Arrays.stream(form.getDeclaredConstructors())
                    .map(Constructor::getParameters)
                    .flatMap(Arrays::stream)
                    .forEach(parameter -> fields.add(prefix + parameter.getName()));
            Arrays.stream(form.getDeclaredFields()).forEach(field -> fields.add(prefix + field.getName()));
        }
    }

    boolean isApi() {
        return path.startsWith("/api/");
    }

    List<String> pathVariables() {
        List<String> names = new ArrayList<>();
        for (String part : path.split("/")) {
            if (part.startsWith("{") && part.endsWith("}")) {
                names.add(part);
            }
        }
        return names;
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
