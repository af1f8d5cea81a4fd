import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What RE2/J, with which Kafka reads patterns of topics, says of each line of a file: "valid", or what is wrong.
 *
 *     java -cp 'JARS/*' Tests/Foreign/JavaPatterns.java FILE
 */
public class JavaPatterns {
    public static void main(String[] arguments) throws Exception {
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String verdict = "valid";
            try {
                Pattern.compile(line);
            } catch (PatternSyntaxException error) {
                verdict = error.getDescription();
            }
            System.out.println(verdict);
        }
    }
}
