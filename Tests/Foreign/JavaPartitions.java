import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Which partition the Java producer's default picks for a key: a key in hexadecimal a line in, a number a line out. */
class JavaPartitions {
    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(BuiltInPartitioner.partitionForKey(HexFormat.of().parseHex(line), count));
        }
    }
}
