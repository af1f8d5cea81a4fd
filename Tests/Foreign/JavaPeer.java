import java.io.*;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.*;

/**
 * The Java client as one among others: does what lines on its standard input say, each in a thread of its own, and
 * answers on its standard output (judging.py holds the other end). A line: its number, a name, then arguments, each
 * `null` or a colon and text in base64. The answer: `ok` or `fail`, the number, and texts of the same form.
 */
public class JavaPeer {
    /** What a name of a call does with its arguments. */
    interface Calls {
        List<String> perform(String name, List<String> given) throws Exception;
    }

    static Calls calls = JavaPeer::perform;
    static String bootstrap;
    static final Map<String, Member> members = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws IOException {
        bootstrap = arguments[0];
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        var pool = Executors.newCachedThreadPool();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            pool.submit(() -> answer(words));
        }
        System.exit(0);
    }

    static void answer(String[] words) {
        String status = "ok";
        List<String> texts;
        try {
            List<String> arguments = new ArrayList<>();
            for (int i = 2; i < words.length; i++) arguments.add(unpack(words[i]));
            texts = calls.perform(words[1], arguments);
        } catch (Throwable error) {
            status = "fail";
            texts = List.of(error.getClass().getSimpleName() + ": " + error.getMessage());
        }
        var answer = new StringBuilder(status + " " + words[0]);
        for (String text : texts) answer.append(' ').append(pack(text));
        synchronized (System.out) {
            System.out.println(answer);
            System.out.flush();
        }
    }

    static String unpack(String word) {
        return word.equals("null") ? null : new String(Base64.getDecoder().decode(word.substring(1)), StandardCharsets.UTF_8);
    }

    static String pack(String text) {
        return text == null ? "null" : ":" + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static List<String> perform(String name, List<String> given) throws Exception {
        switch (name) {
            case "produce": return produce(given.get(0), given.get(1), given.subList(2, given.size()));
            case "transact": return transact(given);
            case "consume": return consume(given.get(0), Integer.parseInt(given.get(1)), given.get(2));
            case "join": members.put(given.get(0), new Member(given.get(1), given.get(2), given.get(3), given.get(4))); return List.of();
            case "state": return members.get(given.get(0)).state();
            case "leave": return members.get(given.get(0)).leave();
            default: throw new IllegalArgumentException("no call " + name);
        }
    }

    static Properties with(String... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return properties;
    }

    /** Into partition 0: records of four texts each, timestamp, key, value, and the value of the header `h`. */
    static List<String> produce(String topic, String codec, List<String> records) throws Exception {
        try (var producer = new KafkaProducer<>(with("compression.type", codec, "linger.ms", "20"), new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < records.size(); i += 4) {
                var record = new ProducerRecord<>(topic, 0, Long.parseLong(records.get(i)), records.get(i + 1), records.get(i + 2));
                if (records.get(i + 3) != null) record.headers().add("h", records.get(i + 3).getBytes(StandardCharsets.UTF_8));
                sent.add(producer.send(record));
            }
            for (var future : sent) future.get();
        }
        return List.of();
    }

    /** A transaction of a transactional id: id, topic, `commit` or `abort`, and values for partition 0. */
    static List<String> transact(List<String> given) throws Exception {
        try (var producer = new KafkaProducer<>(with("transactional.id", given.get(0)), new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            for (String value : given.subList(3, given.size())) producer.send(new ProducerRecord<>(given.get(1), 0, "k", value));
            producer.flush();
            if (given.get(2).equals("commit")) producer.commitTransaction(); else producer.abortTransaction();
        }
        return List.of();
    }

    /** The records of partition 0, as `produce` takes them, up to its end as the isolation level sees it. */
    static List<String> consume(String topic, int count, String isolation) {
        List<String> found = new ArrayList<>();
        var partition = new TopicPartition(topic, 0);
        try (var consumer = new KafkaConsumer<>(with("isolation.level", isolation, "fetch.max.wait.ms", "50"), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long last = consumer.endOffsets(List.of(partition)).get(partition);
            long end = System.currentTimeMillis() + 15000;
            while (consumer.position(partition) < last && System.currentTimeMillis() < end)
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    Header header = record.headers().lastHeader("h");
                    found.add(Long.toString(record.timestamp()));
                    found.add(record.key());
                    found.add(record.value());
                    found.add(header == null ? null : new String(header.value(), StandardCharsets.UTF_8));
                }
        }
        return found;
    }

    /** A member of a group, polling in a thread of its own, that commits what it has seen. */
    static class Member {
        final Thread thread;
        volatile boolean stop = false;
        volatile String error = "";
        final Set<Integer> assigned = new ConcurrentSkipListSet<>();
        final List<String> values = Collections.synchronizedList(new ArrayList<>());
        int given = 0;

        Member(String group, String topic, String assignors, String instance) {
            var properties = with("group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", "false",
                "partition.assignment.strategy", assignors, "session.timeout.ms", "6000", "heartbeat.interval.ms", "300");
            if (instance != null) properties.put("group.instance.id", instance);
            thread = new Thread(() -> run(properties, topic), "member");
            thread.setDaemon(true);
            thread.start();
        }

        void run(Properties properties, String topic) {
            try (var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
                consumer.subscribe(List.of(topic));
                while (!stop) {
                    int count = 0;
                    for (var record : consumer.poll(Duration.ofMillis(100))) {
                        values.add(record.value());
                        count++;
                    }
                    try {
                        if (count > 0) consumer.commitSync();
                    } catch (CommitFailedException | org.apache.kafka.common.errors.RebalanceInProgressException lost) {
                        // Somebody else reads it again.
                    }
                    Set<Integer> now = new TreeSet<>();
                    for (var partition : consumer.assignment()) now.add(partition.partition());
                    assigned.retainAll(now);
                    assigned.addAll(now);
                }
            } catch (Throwable thrown) {
                error = thrown.getClass().getSimpleName();
            }
            assigned.clear();
        }

        /** The error that ended it, its partitions with commas, and the values since the last call. */
        List<String> state() {
            List<String> answer = new ArrayList<>(List.of(error, String.join(",", assigned.stream().map(String::valueOf).toList())));
            synchronized (values) {
                answer.addAll(values.subList(given, values.size()));
                given = values.size();
            }
            return answer;
        }

        List<String> leave() throws InterruptedException {
            stop = true;
            thread.join(15000);
            return state();
        }
    }
}
