package cloud.freehold.portal.firewall.domain;

import java.util.ArrayList;
import java.util.List;

/** RFC 4180, also with semicolons and tabs, because spreadsheets write what their country does. */
final class CsvText {

    /** @param number of the line in the file on which the record starts, from 1 */
    record Record(int number, List<String> fields) {}

    private CsvText() {}

    static List<Record> parse(String text) {
        String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
        return new Reader(plain, delimiter(plain)).records();
    }

    private static char delimiter(String text) {
        int end = text.indexOf('\n');
        String head = end < 0 ? text : text.substring(0, end);
        return head.indexOf('\t') >= 0 ? '\t' : head.indexOf(',') < 0 && head.indexOf(';') >= 0 ? ';' : ',';
    }

    /** A leading =, +, - or @ would be run as a formula by spreadsheets: those fields get a leading apostrophe. */
    static String write(List<String> fields) {
        return String.join(",", fields.stream().map(CsvText::quoted).toList());
    }

    private static String quoted(String field) {
        String safe = !field.isEmpty() && "=+-@\t".indexOf(field.charAt(0)) >= 0 || field.startsWith("'")
                ? "'" + field
                : field;
        return safe.matches("(?s).*[\",;\\r\\n\\t].*") ? '"' + safe.replace("\"", "\"\"") + '"' : safe;
    }

    private static String unguarded(String field) {
        return field.startsWith("'") ? field.substring(1) : field;
    }

    private static final class Reader {

        private final String text;
        private final char delimiter;
        private final List<Record> records = new ArrayList<>();
        private List<String> fields = new ArrayList<>();
        private final StringBuilder field = new StringBuilder();
        private int line = 1;
        private int startLine = 1;

        Reader(String text, char delimiter) {
            this.text = text;
            this.delimiter = delimiter;
        }

        List<Record> records() {
            boolean quoted = false;
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (quoted) {
                    if (c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                        field.append('"');
                        i++;
                    } else if (c == '"') {
                        quoted = false;
                    } else {
                        line += c == '\n' ? 1 : 0;
                        field.append(c);
                    }
                } else if (c == '"' && field.toString().isBlank()) {
                    field.setLength(0);
                    quoted = true;
                } else if (c == delimiter) {
                    endField();
                } else if (c == '\n') {
                    endRecord();
                } else if (c != '\r') {
                    field.append(c);
                }
            }
            if (quoted) {
                throw new UnreadableException("A quotation mark that opens in line " + startLine + " is never closed.");
            }
            endRecord();
            return records;
        }

        private void endField() {
            fields.add(unguarded(field.toString().strip()));
            field.setLength(0);
        }

        private void endRecord() {
            endField();
            if (fields.stream().anyMatch(one -> !one.isEmpty())) {
                records.add(new Record(startLine, fields));
            }
            fields = new ArrayList<>();
            line++;
            startLine = line;
        }
    }
}
