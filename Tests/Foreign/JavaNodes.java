import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;

/**
 * The Java client while leaders and coordinators move and nodes stop and start: nothing is lost, nothing doubled.
 *
 *     BOOTSTRAP=127.0.0.1:9092,127.0.0.1:9093 java -cp 'LIBS/*' Tests/Foreign/JavaNodes.java
 *
 * The same as test_nodes.py: an idempotent producer numbers its records, a group reads them as they come, a transactional
 * producer commits beside them, and in the end a fresh reader looks at what the topics hold.
 */
public class JavaNodes {
    static final String BOOTSTRAP = System.getenv().getOrDefault("BOOTSTRAP", "127.0.0.1:9092");
    static final double SECONDS = Double.parseDouble(System.getenv().getOrDefault("SECONDS", "8"));
    static final int PARTITIONS = 4, PATIENCE = 40_000;

    static Properties with(String... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", BOOTSTRAP);
        properties.put("reconnect.backoff.max.ms", "500");
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return properties;
    }

    static KafkaConsumer<String, String> consumer(String... pairs) {
        Properties properties = with(pairs);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    static final long STARTED = System.currentTimeMillis();

    /** How long it has taken so far. */
    static String after() { return String.format(Locale.ROOT, "%.1f s", (System.currentTimeMillis() - STARTED) / 1000.0); }

    static List<List<String>> empty() {
        List<List<String>> lists = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) lists.add(new ArrayList<>());
        return lists;
    }

    static int count(Iterable<? extends Collection<?>> lists) {
        int count = 0;
        for (var list : lists) count += list.size();
        return count;
    }

    /** What the topic holds. */
    static List<List<String>> look(String topic, int wanted) {
        var kept = empty();
        try (var consumer = consumer("isolation.level", "read_committed")) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int i = 0; i < PARTITIONS; i++) partitions.add(new TopicPartition(topic, i));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long end = System.currentTimeMillis() + PATIENCE;
            while (count(kept) < wanted && System.currentTimeMillis() < end)
                for (var record : consumer.poll(Duration.ofMillis(200))) kept.get(record.partition()).add(record.value());
        }
        return kept;
    }

    static void check(String topic, int[] sent, List<List<String>> kept) {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            List<String> wanted = new ArrayList<>();
            for (int i = 0; i < sent[partition]; i++) wanted.add(partition + "-" + i);
            if (!kept.get(partition).equals(wanted))
                throw new AssertionError(topic + "-" + partition + ": " + kept.get(partition).size() + " records, "
                    + new HashSet<>(kept.get(partition)).size() + " different ones, for " + wanted.size() + " sent");
        }
    }

    static String idempotent() throws Exception {
        String topic = "java-" + UUID.randomUUID();
        try (Admin admin = Admin.create(with())) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 3))).all().get();
        }
        List<Set<String>> read = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) read.add(ConcurrentHashMap.newKeySet());
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> trouble = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            try (var consumer = consumer("group.id", topic, "session.timeout.ms", "6000", "heartbeat.interval.ms", "300")) {
                consumer.subscribe(List.of(topic));
                while (!stop.get()) {
                    for (var record : consumer.poll(Duration.ofMillis(200))) read.get(record.partition()).add(record.value());
                    consumer.commitAsync((positions, error) -> {});
                }
            } catch (Throwable error) {
                trouble.set(error);
            }
        });
        reader.start();
        int[] sent = new int[PARTITIONS];
        int total = 0;
        String times = "begun after " + after();
        try {
            AtomicReference<Exception> failure = new AtomicReference<>();
            try (var producer = new KafkaProducer<>(with("linger.ms", "5", "delivery.timeout.ms", "" + PATIENCE,
                    "request.timeout.ms", "10000"), new StringSerializer(), new StringSerializer())) {
                long end = System.currentTimeMillis() + (long) (SECONDS * 1000);
                while (System.currentTimeMillis() < end) {
                    int partition = total++ % PARTITIONS;
                    producer.send(new ProducerRecord<>(topic, partition, "k", partition + "-" + sent[partition]++),
                        (position, error) -> { if (error != null) failure.compareAndSet(null, error); });
                    Thread.sleep(2);
                }
            }
            if (failure.get() != null) throw failure.get();
            times += ", delivered after " + after();
            long end = System.currentTimeMillis() + PATIENCE;
            while (count(read) < total && System.currentTimeMillis() < end) Thread.sleep(50);
            times += ", read after " + after();
        } finally {
            stop.set(true);
            reader.join(PATIENCE);
        }
        if (trouble.get() != null) throw new AssertionError("the group's reader ended", trouble.get());
        check(topic, sent, look(topic, total));
        if (count(read) != total) throw new AssertionError("the group has read " + count(read) + " of " + total);
        return total + " records, " + times + ", checked after " + after();
    }

    static String transactional() throws Exception {
        String topic = "java-transactions-" + UUID.randomUUID();
        try (Admin admin = Admin.create(with())) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 3))).all().get();
        }
        int[] sent = new int[PARTITIONS];
        int total = 0, transactions = 0;
        try (var producer = new KafkaProducer<>(with("transactional.id", "chased-java", "max.block.ms", "" + PATIENCE,
                "request.timeout.ms", "10000"), new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            long end = System.currentTimeMillis() + (long) (SECONDS * 1000);
            while (System.currentTimeMillis() < end) {
                producer.beginTransaction();
                for (int i = 0; i < 8; i++) {
                    int partition = total++ % PARTITIONS;
                    producer.send(new ProducerRecord<>(topic, partition, "k", partition + "-" + sent[partition]++));
                }
                producer.commitTransaction();
                transactions++;
                Thread.sleep(10);
            }
        }
        check(topic, sent, look(topic, total));
        return transactions + " transactions of " + total + " records";
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Callable<String>> tests = Map.of("idempotent", JavaNodes::idempotent, "transactional", JavaNodes::transactional);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        Map<String, Future<String>> running = new TreeMap<>();
        tests.forEach((name, test) -> running.put(name, threads.submit(test)));
        int failed = 0;
        for (var entry : running.entrySet()) {
            try {
                System.out.println("ok   " + entry.getKey() + " " + entry.getValue().get());
            } catch (ExecutionException error) {
                failed++;
                System.out.println("FAIL " + entry.getKey());
                error.getCause().printStackTrace(System.out);
            }
        }
        System.out.println((running.size() - failed) + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
