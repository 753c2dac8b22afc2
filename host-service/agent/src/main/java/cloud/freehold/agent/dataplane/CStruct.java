package cloud.freehold.agent.dataplane;

import java.util.LinkedHashMap;
import java.util.Map;

/** A C structure's layout by the rules of the System V ABI; compared with what the library itself says when loaded. */
final class CStruct {
    record Field(int offset, int size) {}

    private final String name;
    private final Map<String, Field> fields = new LinkedHashMap<>();
    private int end;
    private int alignment = 1;

    CStruct(String name) {
        this.name = name;
    }

    CStruct u8(String... names) {
        return each(1, names);
    }

    CStruct u16(String... names) {
        return each(2, names);
    }

    CStruct u32(String... names) {
        return each(4, names);
    }

    CStruct u64(String... names) {
        return each(8, names);
    }

    CStruct pointer(String field) {
        return u64(field);
    }

    CStruct bytes(String field, int count) {
        return add(field, 1, count);
    }

    CStruct u64s(String field, int count) {
        return add(field, 8, 8 * count);
    }

    CStruct struct(String field, CStruct type) {
        return add(field, type.alignment, type.size());
    }

    CStruct structs(String field, CStruct type, int count) {
        return add(field, type.alignment, type.size() * count);
    }

    private CStruct each(int size, String... names) {
        for (var field : names) {
            add(field, size, size);
        }
        return this;
    }

    private CStruct add(String field, int align, int size) {
        end = up(end, align);
        fields.put(field, new Field(end, size));
        end += size;
        alignment = Math.max(alignment, align);
        return this;
    }

    private static int up(int offset, int align) {
        return (offset + align - 1) / align * align;
    }

    String name() {
        return name;
    }

    int size() {
        return up(end, alignment);
    }

    int at(String field) {
        return fields.get(field).offset();
    }

    Map<String, Field> fields() {
        return fields;
    }
}
