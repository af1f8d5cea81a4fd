import java.io.IOException;
import java.io.StringReader;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.token.delegation.DelegationToken;
import org.apache.kafka.common.serialization.*;

/**
 * The Java client at a broker's doors: calls as JavaPeer takes them, the first argument of each being the client's
 * settings as the lines of a properties file. What goes wrong is answered as the client's own exception says it.
 */
public class JavaDoors {
    public static void main(String[] arguments) throws IOException {
        JavaPeer.calls = JavaDoors::perform;
        JavaPeer.main(arguments);
    }

    static List<String> perform(String name, List<String> given) throws Exception {
        Properties properties = new Properties();
        properties.load(new StringReader(given.get(0)));
        if (properties.containsKey("sasl.oauthbearer.token.endpoint.url")) allow(properties.getProperty("sasl.oauthbearer.token.endpoint.url"));
        var rest = given.subList(1, given.size());
        try {
            switch (name) {
                case "attempt": return attempt(properties, rest.get(0));
                case "load": return load(properties, rest.get(0), Long.parseLong(rest.get(1)));
                case "do": return act(properties, rest.get(0), rest.subList(1, rest.size()));
                case "flood": return flood(properties, rest.get(0), Integer.parseInt(rest.get(1)));
                default: return administer(properties, name, rest);
            }
        } catch (ExecutionException | KafkaException error) {
            // The cause is what the broker or the network said.
            Throwable told = error;
            while (told.getCause() instanceof KafkaException) told = told.getCause();
            throw (Exception) (told instanceof ExecutionException ? told.getCause() : told);
        }
    }

    /** The client takes tokens from no address, and no file, that the program does not allow it. */
    static synchronized void allow(String url) {
        String prefix = "org.apache.kafka.sasl.oauthbearer.allowed.";
        for (var one : Map.of("urls", url, "files", url.substring("file://".length())).entrySet()) {
            String allowed = System.getProperty(prefix + one.getKey());
            System.setProperty(prefix + one.getKey(), allowed == null ? one.getValue() : allowed + "," + one.getValue());
        }
    }

    static KafkaProducer<String, String> producer(Properties properties, String... more) {
        return new KafkaProducer<>(with(properties, more), new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(Properties properties, String... more) {
        return new KafkaConsumer<>(with(properties, more), new StringDeserializer(), new StringDeserializer());
    }

    static Properties with(Properties properties, String... more) {
        Properties all = new Properties();
        all.putAll(Map.of("max.block.ms", "5000", "default.api.timeout.ms", "8000", "request.timeout.ms", "5000",
            "delivery.timeout.ms", "20000", "auto.offset.reset", "earliest", "reconnect.backoff.ms", "50"));
        all.putAll(properties);
        for (int i = 0; i < more.length; i += 2) all.put(more[i], more[i + 1]);
        return all;
    }

    /** Three records there and back. */
    static List<String> attempt(Properties properties, String topic) throws Exception {
        try (var producer = producer(properties)) {
            for (int i = 0; i < 3; i++) producer.send(new ProducerRecord<>(topic, 0, null, "java " + i)).get();
        }
        List<String> found = new ArrayList<>();
        var partition = new TopicPartition(topic, 0);
        try (var consumer = consumer(properties, "fetch.max.wait.ms", "50")) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = System.currentTimeMillis() + 10000;
            while (found.size() < 3 && System.currentTimeMillis() < end)
                for (var record : consumer.poll(Duration.ofMillis(100))) found.add(record.value());
        }
        return found;
    }

    // --- under load -------------------------------------------------------------------------------------------------

    /**
     * An idempotent producer and a consumer for so many milliseconds: how many records were sent, which came first out of
     * order (or -1), and of each client how often it authenticated again, failed to, and how many connections it has made.
     */
    static List<String> load(Properties properties, String topic, long milliseconds) throws Exception {
        var sent = new java.util.concurrent.atomic.AtomicInteger(-1);
        var found = new ArrayList<Integer>();
        var partition = new TopicPartition(topic, 0);
        List<String> told = new ArrayList<>();
        try (var consumer = consumer(properties, "group.id", topic, "fetch.max.wait.ms", "100");
             var producer = producer(properties, "enable.idempotence", "true", "linger.ms", "5", "max.block.ms", "20000")) {
            var pending = new ArrayList<Future<RecordMetadata>>();
            producer.partitionsFor(topic);
            var sender = Executors.newSingleThreadExecutor().submit(() -> {
                long end = System.currentTimeMillis() + milliseconds;
                int next = 0;
                while (System.currentTimeMillis() < end) {
                    for (int i = 0; i < 20; i++) pending.add(producer.send(new ProducerRecord<>(topic, 0, null, "" + next++)));
                    Thread.sleep(10);
                }
                for (var future : pending) future.get();
                sent.set(next);
                return null;
            });
            consumer.subscribe(List.of(topic));
            long end = System.currentTimeMillis() + milliseconds + 10000;
            while ((sent.get() < 0 || found.size() < sent.get()) && System.currentTimeMillis() < end) {
                for (var record : consumer.poll(Duration.ofMillis(100))) found.add(Integer.parseInt(record.value()));
                consumer.commitAsync();
            }
            sender.get();
            // What would come twice at the end.
            for (var record : consumer.poll(Duration.ofMillis(300))) found.add(Integer.parseInt(record.value()));
            told.add("" + sent.get());
            told.add("" + found.size());
            int wrong = -1;
            for (int i = 0; i < found.size() && wrong < 0; i++) if (found.get(i) != i) wrong = i;
            told.add("" + wrong);
            for (var metrics : List.of(producer.metrics(), consumer.metrics()))
                for (String name : List.of("successful-reauthentication-total", "failed-reauthentication-total", "connection-creation-total"))
                    told.add("" + value(metrics, name));
        }
        return told;
    }

    static long value(Map<MetricName, ? extends Metric> metrics, String name) {
        double sum = 0;
        for (var entry : metrics.entrySet()) {
            var tags = entry.getKey().tags();
            if (entry.getKey().name().equals(name) && !tags.containsKey("node-id") && entry.getValue().metricValue() instanceof Double number
                && !number.isNaN()) sum += number;
        }
        return Math.round(sum);
    }

    /** So many records of 10 kB: how many milliseconds they took, and how long the broker held the producer back at most. */
    static List<String> flood(Properties properties, String topic, int count) throws Exception {
        try (var producer = producer(properties, "batch.size", "20000", "compression.type", "none", "delivery.timeout.ms", "60000", "request.timeout.ms", "30000")) {
            producer.partitionsFor(topic);
            var pending = new ArrayList<Future<RecordMetadata>>();
            long began = System.nanoTime();
            for (int i = 0; i < count; i++) pending.add(producer.send(new ProducerRecord<>(topic, 0, null, "x".repeat(10000))));
            for (var future : pending) future.get();
            long took = (System.nanoTime() - began) / 1000000;
            return List.of("" + took, "" + value(producer.metrics(), "produce-throttle-time-max"));
        }
    }

    // --- what may be denied -----------------------------------------------------------------------------------------

    static List<String> act(Properties properties, String what, List<String> names) throws Exception {
        switch (what) {
            case "produce":
                try (var producer = producer(properties)) {
                    producer.send(new ProducerRecord<>(names.get(0), "v")).get();
                }
                return List.of();
            case "consume":
                // A topic and a group; commits what it has read.
                try (var consumer = consumer(properties, "group.id", names.get(1), "fetch.max.wait.ms", "50")) {
                    consumer.subscribe(List.of(names.get(0)));
                    long end = System.currentTimeMillis() + 10000;
                    int count = 0;
                    while (count == 0 && System.currentTimeMillis() < end) count += consumer.poll(Duration.ofMillis(100)).count();
                    consumer.commitSync();
                    return List.of("" + count);
                }
            case "transact":
                try (var producer = producer(properties, "transactional.id", names.get(1))) {
                    producer.initTransactions();
                    producer.beginTransaction();
                    producer.send(new ProducerRecord<>(names.get(0), "t"));
                    producer.commitTransaction();
                }
                return List.of();
            default:
                return administer(properties, what, names);
        }
    }

    static AclBinding binding(String text) {
        // A kind of resource, its name, the pattern, a principal, an operation, ALLOW or DENY.
        String[] parts = text.split("\\|");
        return new AclBinding(
            new ResourcePattern(ResourceType.valueOf(parts[0]), parts[1], PatternType.valueOf(parts[2])),
            new AccessControlEntry(parts[3], "*", AclOperation.valueOf(parts[4]), AclPermissionType.valueOf(parts[5])));
    }

    static String text(AclBinding binding) {
        var pattern = binding.pattern();
        var entry = binding.entry();
        return String.join("|", "" + pattern.resourceType(), pattern.name(), "" + pattern.patternType(), entry.principal(),
            "" + entry.operation(), "" + entry.permissionType());
    }

    static List<String> administer(Properties properties, String name, List<String> given) throws Exception {
        try (Admin admin = Admin.create(with(properties))) {
            switch (name) {
                case "createTopic":
                    admin.createTopics(List.of(new NewTopic(given.get(0), 1, (short) 1))).all().get();
                    return List.of();
                case "createAcls":
                    admin.createAcls(given.stream().map(JavaDoors::binding).toList()).all().get();
                    return List.of();
                case "describeAcls":
                    return admin.describeAcls(AclBindingFilter.ANY).values().get().stream().map(JavaDoors::text).sorted().toList();
                case "deleteAcls": {
                    var filters = given.stream().map(text -> binding(text).toFilter()).toList();
                    return admin.deleteAcls(filters).all().get().stream().map(JavaDoors::text).sorted().toList();
                }
                case "describeCluster":
                    return List.of(admin.describeCluster().clusterId().get());
                case "describeConfigs": {
                    var broker = new ConfigResource(ConfigResource.Type.BROKER, "" + admin.describeCluster().nodes().get().iterator().next().id());
                    admin.describeConfigs(List.of(broker)).all().get();
                    return List.of();
                }
                case "operations": {
                    // What the client may do with a topic, as the broker tells it.
                    var description = admin.describeTopics(List.of(given.get(0)), new DescribeTopicsOptions().includeAuthorizedOperations(true)).allTopicNames().get().get(given.get(0));
                    return description.authorizedOperations().stream().map(Enum::name).sorted().toList();
                }
                case "setQuota": {
                    var entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, given.get(0)));
                    admin.alterClientQuotas(List.of(new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op(given.get(1), given.get(2) == null ? null : Double.valueOf(given.get(2))))))).all().get();
                    return List.of();
                }
                case "setUser": {
                    var mechanism = ScramMechanism.fromMechanismName(given.get(1));
                    admin.alterUserScramCredentials(List.of(given.get(2) == null
                        ? new UserScramCredentialDeletion(given.get(0), mechanism)
                        : new UserScramCredentialUpsertion(given.get(0), new ScramCredentialInfo(mechanism, 4096), given.get(2)))).all().get();
                    return List.of();
                }
                case "createToken": {
                    var options = new CreateDelegationTokenOptions().maxLifetimeMs(Long.parseLong(given.get(0)));
                    options.renewers(given.subList(1, given.size()).stream().map(user -> new KafkaPrincipal("User", user)).toList());
                    return tokenTexts(admin.createDelegationToken(options).delegationToken().get());
                }
                case "describeTokens": {
                    List<String> told = new ArrayList<>();
                    for (var token : admin.describeDelegationToken().delegationTokens().get()) told.addAll(tokenTexts(token));
                    return told;
                }
                case "renewToken":
                    return List.of("" + admin.renewDelegationToken(Base64.getDecoder().decode(given.get(0)), new RenewDelegationTokenOptions().renewTimePeriodMs(Long.parseLong(given.get(1)))).expiryTimestamp().get());
                case "expireToken":
                    return List.of("" + admin.expireDelegationToken(Base64.getDecoder().decode(given.get(0)), new ExpireDelegationTokenOptions().expiryTimePeriodMs(Long.parseLong(given.get(1)))).expiryTimestamp().get());
                default:
                    throw new IllegalArgumentException("no call " + name);
            }
        }
    }

    /** A token's id, HMAC, owner, and times: when it ends, and when it ends at the latest. */
    static List<String> tokenTexts(DelegationToken token) {
        var info = token.tokenInfo();
        return List.of(info.tokenId(), token.hmacAsBase64String(), "" + info.owner(), "" + info.expiryTimestamp(), "" + info.maxTimestamp());
    }
}
