import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.serialization.*;

/**
 * The Java client's Admin against the embedded broker, as far as JavaClient.java does not go; test_admin.py runs it, with
 * the broker's address as BOOTSTRAP. Closes with "N passed, M failed"; exits 1 when any failed.
 */
public class JavaAdmin {
    static final String BOOTSTRAP = System.getenv("BOOTSTRAP");
    static int passed = 0, failed = 0;

    interface Body { void run() throws Exception; }

    static void test(String name, Body body) {
        try {
            body.run();
            passed++;
            System.out.println("ok   " + name);
        } catch (Throwable error) {
            failed++;
            System.out.println("FAIL " + name);
            error.printStackTrace(System.out);
        }
    }

    static void equal(Object found, Object wanted) {
        if (!Objects.equals(found, wanted)) throw new AssertionError("found " + found + ", wanted " + wanted);
    }

    static void failsWith(Class<? extends Exception> wanted, KafkaFuture<?> future) throws Exception {
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

    static KafkaConsumer<String, String> consumer(String group, String... pairs) {
        Properties properties = with(pairs);
        properties.put("group.id", group);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    /** Ten records in partition 0, with the times 1000 to 10000. */
    static void fill(String topic) throws Exception {
        try (var producer = new KafkaProducer<>(with(), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>(topic, 0, 1000L * (i + 1), "k", "v" + i)).get();
        }
    }

    public static void main(String[] arguments) {
        try (Admin admin = Admin.create(with())) {
            test("places of every kind", () -> {
                String topic = fresh("java-places");
                var partition = new TopicPartition(topic, 0);
                fill(topic);
                admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(3))).all().get();
                Map<OffsetSpec, Long> wanted = new LinkedHashMap<>();
                wanted.put(OffsetSpec.earliest(), 3L);
                wanted.put(OffsetSpec.latest(), 10L);
                wanted.put(OffsetSpec.maxTimestamp(), 9L);
                wanted.put(OffsetSpec.forTimestamp(5500), 5L);
                wanted.put(OffsetSpec.forTimestamp(0), 3L);
                wanted.put(OffsetSpec.forTimestamp(99999), -1L);
                // Without tiered storage everything is local, and nothing is elsewhere.
                wanted.put(OffsetSpec.earliestLocal(), 3L);
                wanted.put(OffsetSpec.latestTiered(), -1L);
                for (var entry : wanted.entrySet())
                    for (var isolation : IsolationLevel.values())
                        equal(entry.getKey().getClass().getSimpleName() + admin.listOffsets(Map.of(partition, entry.getKey()), new ListOffsetsOptions(isolation))
                            .partitionResult(partition).get().offset(), entry.getKey().getClass().getSimpleName() + entry.getValue());
            });
            test("offsets of groups", () -> {
                String topic = fresh("java-offsets"), group = fresh("group"), other = fresh("group");
                var partition = new TopicPartition(topic, 0);
                fill(topic);
                admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(4, "four"))).all().get();
                admin.alterConsumerGroupOffsets(other, Map.of(partition, new OffsetAndMetadata(5))).all().get();
                var both = admin.listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec(), other, new ListConsumerGroupOffsetsSpec())).all().get();
                equal(both.get(group).get(partition), new OffsetAndMetadata(4, "four"));
                equal(both.get(other).get(partition).offset(), 5L);
                try (var consumer = consumer(group, "group.instance.id", "stays")) {
                    consumer.subscribe(List.of(topic));
                    ConsumerRecords<String, String> records = ConsumerRecords.empty();
                    long end = System.currentTimeMillis() + 15000;
                    while (records.isEmpty() && System.currentTimeMillis() < end) records = consumer.poll(Duration.ofMillis(200));
                    equal(records.iterator().next().offset(), 4L);
                    failsWith(UnknownMemberIdException.class, admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(1))).all());
                }
                // The static member stays until it is removed.
                equal(admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().iterator().next().groupInstanceId(), Optional.of("stays"));
                failsWith(UnknownMemberIdException.class, admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("nobody")))).all());
                admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("stays")))).all().get();
                equal(admin.describeConsumerGroups(List.of(group)).all().get().get(group).groupState(), GroupState.EMPTY);
                equal(admin.listGroups(ListGroupsOptions.forConsumerGroups().inGroupStates(Set.of(GroupState.EMPTY))).all().get().stream()
                    .filter(found -> Set.of(group, other).contains(found.groupId())).count(), 2L);
                admin.deleteConsumerGroups(List.of(group, other)).all().get();
                failsWith(GroupIdNotFoundException.class, admin.deleteConsumerGroups(List.of(group)).all());
            });
            test("topics by name and by id", () -> {
                String topic = fresh("java-ids");
                var created = admin.createTopics(List.of(new NewTopic(topic, Optional.empty(), Optional.empty())));
                Uuid id = created.topicId(topic).get();
                equal(admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get().get(id).name(), topic);
                failsWith(UnknownTopicIdException.class, admin.describeTopics(TopicCollection.ofTopicIds(List.of(Uuid.randomUuid()))).allTopicIds());
                failsWith(InvalidReplicationFactorException.class, admin.createTopics(List.of(new NewTopic(fresh("x"), 1, (short) 3))).all());
                failsWith(InvalidReplicaAssignmentException.class, admin.createTopics(List.of(new NewTopic(fresh("x"), Map.of(0, List.of(99))))).all());
                failsWith(InvalidTopicException.class, admin.createTopics(List.of(new NewTopic("..", 1, (short) 1))).all());
                var tried = fresh("tried");
                equal(admin.createTopics(List.of(new NewTopic(tried, 7, (short) 1)), new CreateTopicsOptions().validateOnly(true)).numPartitions(tried).get(), 7);
                failsWith(UnknownTopicOrPartitionException.class, admin.describeTopics(List.of(tried)).allTopicNames());
                admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
                failsWith(UnknownTopicIdException.class, admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all());
                failsWith(UnknownTopicOrPartitionException.class, admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all());
                // A topic of the same name is another one.
                equal(admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).topicId(topic).get().equals(id), false);
            });
            test("features and metadata quorum", () -> {
                var features = admin.describeFeatures().featureMetadata().get();
                equal(features.finalizedFeatures().get("transaction.version").maxVersionLevel(), (short) 2);
                equal(features.supportedFeatures().containsKey("transaction.version"), true);
                failsWith(Exception.class, admin.updateFeatures(Map.of("no.such", new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE)), new UpdateFeaturesOptions()).all());
                var quorum = admin.describeMetadataQuorum().quorumInfo().get();
                equal(quorum.voters().size(), 1);
                equal(quorum.leaderId(), admin.describeCluster().controller().get().id());
                equal(admin.describeCluster().clusterId().get().isEmpty(), false);
            });
            test("quotas", () -> {
                var client = new ClientQuotaEntity(Map.of("client-id", fresh("client")));
                var operation = new ClientQuotaAlteration.Op("consumer_byte_rate", 2048.0);
                admin.alterClientQuotas(List.of(new ClientQuotaAlteration(client, List.of(operation)))).all().get();
                equal(admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get().get(client), Map.of("consumer_byte_rate", 2048.0));
                failsWith(InvalidRequestException.class, admin.alterClientQuotas(List.of(new ClientQuotaAlteration(client, List.of(new ClientQuotaAlteration.Op("no_such_rate", 1.0))))).all());
                admin.alterClientQuotas(List.of(new ClientQuotaAlteration(client, List.of(new ClientQuotaAlteration.Op("consumer_byte_rate", null))))).all().get();
                equal(admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get().get(client), null);
            });
            test("security that is not there", () -> {
                var rule = new AclBinding(new ResourcePattern(ResourceType.TOPIC, "t", PatternType.LITERAL),
                    new AccessControlEntry("User:u", "*", AclOperation.READ, AclPermissionType.ALLOW));
                failsWith(SecurityDisabledException.class, admin.createAcls(List.of(rule)).all());
                failsWith(SecurityDisabledException.class, admin.deleteAcls(List.of(AclBindingFilter.ANY)).all());
                failsWith(SecurityDisabledException.class, admin.describeAcls(AclBindingFilter.ANY).values());
            });
            test("replicas, leaders and log directories", () -> {
                String topic = fresh("java-replicas");
                var partition = new TopicPartition(topic, 0);
                fill(topic);
                int node = admin.describeCluster().nodes().get().iterator().next().id();
                failsWith(NoReassignmentInProgressException.class, admin.alterPartitionReassignments(Map.of(partition, Optional.empty())).all());
                admin.alterPartitionReassignments(Map.of(partition, Optional.of(new NewPartitionReassignment(List.of(node))))).all().get();
                equal(admin.listPartitionReassignments(Set.of(partition)).reassignments().get(), Map.of());
                admin.electLeaders(ElectionType.PREFERRED, null).partitions().get();
                equal(admin.electLeaders(ElectionType.UNCLEAN, Set.of(partition)).partitions().get().get(partition).get() instanceof ElectionNotNeededException, true);
                equal(admin.electLeaders(ElectionType.PREFERRED, Set.of(new TopicPartition(topic, 9))).partitions().get().get(new TopicPartition(topic, 9)).get() instanceof UnknownTopicOrPartitionException, true);
                var replica = new TopicPartitionReplica(topic, 0, node);
                var placed = admin.describeReplicaLogDirs(List.of(replica)).all().get().get(replica);
                equal(placed.getCurrentReplicaLogDir() != null && placed.getFutureReplicaLogDir() == null, true);
                equal(admin.describeLogDirs(List.of(node)).allDescriptions().get().get(node).values().iterator().next().replicaInfos().get(partition).size() > 0, true);
            });
            test("settings of brokers, groups and clients", () -> {
                String group = fresh("group");
                var resource = new org.apache.kafka.common.config.ConfigResource(org.apache.kafka.common.config.ConfigResource.Type.GROUP, group);
                admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry("consumer.session.timeout.ms", "50000"), AlterConfigOp.OpType.SET)))).all().get();
                equal(admin.describeConfigs(List.of(resource)).all().get().get(resource).get("consumer.session.timeout.ms").value(), "50000");
                var metrics = new org.apache.kafka.common.config.ConfigResource(org.apache.kafka.common.config.ConfigResource.Type.CLIENT_METRICS, fresh("metrics"));
                admin.incrementalAlterConfigs(Map.of(metrics, List.of(new AlterConfigOp(new ConfigEntry("interval.ms", "1000"), AlterConfigOp.OpType.SET)))).all().get();
                equal(admin.listConfigResources(Set.of(org.apache.kafka.common.config.ConfigResource.Type.CLIENT_METRICS), new ListConfigResourcesOptions()).all().get().contains(metrics), true);
            });
        }
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
