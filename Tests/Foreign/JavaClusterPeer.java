import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.*;

/**
 * The Java client in a cluster with ours (Tests/ClientTests/Cluster); cluster_peer.py does the same with librdkafka:
 *
 *     java -cp 'LIBS/*' JavaClusterPeer.java BOOTSTRAP member GROUP TOPIC [setting=value…]
 *     java -cp 'LIBS/*' JavaClusterPeer.java BOOTSTRAP produce TOPIC [setting=value…]
 *     java -cp 'LIBS/*' JavaClusterPeer.java BOOTSTRAP read TOPIC [setting=value…]
 *
 * A member is one until its standard input ends; it says "assigned 0 1" whenever that changes, "value V" for each record,
 * and commits. `produce` sends a record for each line "KEY VALUE", and says "sent KEY PARTITION" of each. `read` says
 * "value V" of each record up to the ends. "ready" comes first, "done" last, "error …" where something does not work.
 */
public class JavaClusterPeer {
    static Properties settings;

    public static void main(String[] words) {
        settings = new Properties();
        settings.put("bootstrap.servers", words[0]);
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", "false");
        settings.put("metadata.max.age.ms", "3000");
        int first = words[1].equals("member") ? 4 : 3;
        for (int i = first; i < words.length; i++) {
            int at = words[i].indexOf('=');
            settings.put(words[i].substring(0, at), words[i].substring(at + 1));
        }
        int status = 0;
        try {
            switch (words[1]) {
                case "member": member(words[2], words[3]); break;
                case "produce": produce(words[2]); break;
                case "read": read(words[2]); break;
                default: throw new IllegalArgumentException("no call " + words[1]);
            }
            say("done");
        } catch (Throwable error) {
            say("error " + error.getClass().getSimpleName() + ": " + error.getMessage());
            status = 1;
        }
        System.exit(status);
    }

    static synchronized void say(String line) {
        System.out.println(line.replace('\n', ' '));
        System.out.flush();
    }

    static BufferedReader input() { return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)); }

    static volatile boolean isOver = false;

    static void member(String group, String topic) {
        var watch = new Thread(() -> {
            try {
                var lines = input();
                while (lines.readLine() != null) {}
            } catch (IOException gone) {
                // Over as well.
            }
            isOver = true;
        });
        watch.setDaemon(true);
        watch.start();
        settings.put("group.id", group);
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            say("ready");
            Set<Integer> told = null;
            while (!isOver) {
                var records = consumer.poll(Duration.ofMillis(100));
                Set<Integer> now = new TreeSet<>();
                for (var partition : consumer.assignment()) now.add(partition.partition());
                if (!now.equals(told)) {
                    told = now;
                    say("assigned" + String.join("", now.stream().map(number -> " " + number).toList()));
                }
                for (var record : records) say("value " + record.value());
                try {
                    if (!records.isEmpty()) consumer.commitSync();
                } catch (CommitFailedException | RebalanceInProgressException | RetriableException passing) {
                    // They come again, here or to another member.
                    say("refused " + passing.getClass().getSimpleName());
                }
            }
        }
    }

    static void produce(String topic) throws Exception {
        settings.keySet().removeAll(Set.of("auto.offset.reset", "enable.auto.commit"));
        List<String> keys = new ArrayList<>();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            say("ready");
            var lines = input();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.split(" ", 2);
                keys.add(parts[0]);
                sent.add(producer.send(new ProducerRecord<>(topic, parts[0], parts[1])));
            }
            producer.flush();
        }
        for (int i = 0; i < sent.size(); i++) say("sent " + keys.get(i) + " " + sent.get(i).get().partition());
    }

    static void read(String topic) {
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (var partition : consumer.partitionsFor(topic)) partitions.add(new TopicPartition(topic, partition.partition()));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            say("ready");
            while (!partitions.isEmpty()) {
                for (var record : consumer.poll(Duration.ofMillis(100))) say("value " + record.value());
                partitions.removeIf(partition -> consumer.position(partition) >= ends.get(partition));
            }
        }
    }
}
