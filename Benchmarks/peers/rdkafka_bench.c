/* librdkafka's side of the comparison: produces or consumes a number of records as fast as it can, and prints one line
 * of JSON: records, bytes, wall seconds from the first record to the last, the monotonic clock at both, CPU seconds of
 * the whole process.
 *
 *   rdkafka_bench produce BROKERS TOPIC RECORDS SIZE idempotent|plain
 *   rdkafka_bench transact BROKERS TOPIC RECORDS SIZE PER_TRANSACTION
 *   rdkafka_bench consume BROKERS TOPIC RECORDS assigned|GROUP
 *   rdkafka_bench drain BROKERS TOPIC FIRST COUNT
 *   rdkafka_bench version
 *
 * With BENCH_CA in the environment, a file of certificates, it speaks TLS.
 * "transact" commits a transaction of so many records after the other; its clock begins behind init_transactions.
 * "drain" reads COUNT partitions, from FIRST on, up to their ends. Everything is librdkafka's default except what the comparison needs equal (acks, linger) and what lets it run at its
 * best (a long queue, batch reads). It does not check checksums when it consumes (check.crcs is off by default).
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double wall(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void die(const char *what, const char *why) {
    fprintf(stderr, "rdkafka_bench: could not %s: %s\n", what, why);
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char why[512];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) die(name, why);
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
    char why[512];
    rd_kafka_t *handle = rd_kafka_new(type, conf, why, sizeof why);
    if (!handle) die("start a client", why);
    return handle;
}

/* Where the broker is, and whether it speaks TLS. */
static void reach(rd_kafka_conf_t *conf, const char *brokers) {
    const char *authority = getenv("BENCH_CA");
    set(conf, "bootstrap.servers", brokers);
    if (!authority) return;
    set(conf, "security.protocol", "ssl");
    set(conf, "ssl.ca.location", authority);
}

static void report(long records, long long bytes, double began, double ended) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"records\":%ld,\"bytes\":%lld,\"wall\":%.6f,\"began\":%.6f,\"ended\":%.6f,\"cpu\":%.6f,"
           "\"rss_kb\":%ld}\n", records, bytes, ended - began, began, ended, cpu(), usage.ru_maxrss);
}

static long delivered = 0;
static long failed = 0;

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque) {
    (void)handle;
    (void)opaque;
    if (message->err) failed++;
    delivered++;
}

/* Ends the process where a call of a transaction has failed. */
static void need(rd_kafka_error_t *error, const char *what) {
    if (error) die(what, rd_kafka_error_string(error));
}

/* With `span` above 0, transactions of so many records. */
static void produce(const char *brokers, const char *topic, long records, size_t size, int idempotent, long span) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (span > 0) set(conf, "transactional.id", topic);
    reach(conf, brokers);
    set(conf, "enable.idempotence", idempotent ? "true" : "false");
    set(conf, "acks", "all");
    set(conf, "linger.ms", "5");
    set(conf, "queue.buffering.max.messages", "500000");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, conf);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(producer, topic, NULL);
    unsigned char *value = malloc(size);
    if (!handle || !value) die("prepare", "no memory");
    for (size_t i = 0; i < size; i++) value[i] = (unsigned char)('a' + i % 26);

    if (span > 0) need(rd_kafka_init_transactions(producer, 60000), "get a producer id");
    double began = wall();
    for (long i = 0; i < records; i++) {
        if (span > 0 && i % span == 0) {
            if (i > 0) need(rd_kafka_commit_transaction(producer, 60000), "commit a transaction");
            need(rd_kafka_begin_transaction(producer), "begin a transaction");
        }
        memcpy(value, &i, sizeof i < size ? sizeof i : size);
        while (rd_kafka_produce(handle, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, size, NULL, 0, NULL) == -1) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                die("produce", rd_kafka_err2str(rd_kafka_last_error()));
            rd_kafka_poll(producer, 10);
        }
        if (i % 1000 == 0) rd_kafka_poll(producer, 0);
    }
    if (span > 0) need(rd_kafka_commit_transaction(producer, 60000), "commit a transaction");
    rd_kafka_resp_err_t error = rd_kafka_flush(producer, 60000);
    double ended = wall();
    if (error || failed || delivered != records) die("deliver every record", rd_kafka_err2str(error));
    rd_kafka_topic_destroy(handle);
    rd_kafka_destroy(producer);
    free(value);
    report(records, (long long)records * (long long)size, began, ended);
}

/* Reads `records` records, or, where that is -1, up to the ends of the partitions. */
static void consume(const char *brokers, const char *topic, long records, const char *group, int first, int partitions) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int assigned = strcmp(group, "assigned") == 0;
    int ends = 0;
    if (records < 0) set(conf, "enable.partition.eof", "true");
    reach(conf, brokers);
    set(conf, "group.id", assigned ? "unused" : group);
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "enable.auto.commit", assigned ? "false" : "true");
    rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    if (assigned) {
        for (int i = 0; i < partitions; i++)
            rd_kafka_topic_partition_list_add(list, topic, first + i)->offset = RD_KAFKA_OFFSET_BEGINNING;
        rd_kafka_assign(consumer, list);
    } else {
        rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
        rd_kafka_subscribe(consumer, list);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    enum { most = 10000 };
    static rd_kafka_message_t *messages[most];
    long count = 0;
    long long bytes = 0;
    long long sum = 0;
    double began = 0;
    double deadline = wall() + 120;
    while (records < 0 ? ends < partitions : count < records) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, 100, messages, most);
        if (got < 0) die("consume", rd_kafka_err2str(rd_kafka_last_error()));
        if (got > 0 && began == 0) began = wall();
        for (ssize_t i = 0; i < got; i++) {
            if (!messages[i]->err) {
                count++;
                bytes += (long long)messages[i]->len;
                sum += messages[i]->offset + ((const unsigned char *)messages[i]->payload)[0];
            } else if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                ends++;
            }
            rd_kafka_message_destroy(messages[i]);
        }
        if (wall() > deadline) die("consume every record", "120 seconds have passed");
    }
    double ended = wall();
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    if (sum == 0) die("look at the records", "they are all empty");
    report(count, bytes, began, ended);
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "version") == 0) {
        puts(rd_kafka_version_str());
    } else if (count == 7 && strcmp(arguments[1], "produce") == 0) {
        produce(arguments[2], arguments[3], atol(arguments[4]), (size_t)atol(arguments[5]),
                strcmp(arguments[6], "idempotent") == 0, 0);
    } else if (count == 7 && strcmp(arguments[1], "transact") == 0 && atol(arguments[6]) > 0) {
        produce(arguments[2], arguments[3], atol(arguments[4]), (size_t)atol(arguments[5]), 1, atol(arguments[6]));
    } else if (count == 6 && strcmp(arguments[1], "consume") == 0) {
        consume(arguments[2], arguments[3], atol(arguments[4]), arguments[5], 0, 4);
    } else if (count == 6 && strcmp(arguments[1], "drain") == 0) {
        consume(arguments[2], arguments[3], -1, "assigned", atoi(arguments[4]), atoi(arguments[5]));
    } else {
        fputs("usage: rdkafka_bench produce BROKERS TOPIC RECORDS SIZE idempotent|plain\n"
              "       rdkafka_bench transact BROKERS TOPIC RECORDS SIZE PER_TRANSACTION\n"
              "       rdkafka_bench consume BROKERS TOPIC RECORDS assigned|GROUP\n"
              "       rdkafka_bench drain BROKERS TOPIC FIRST COUNT\n"
              "       rdkafka_bench version\n", stderr);
        return 2;
    }
    return 0;
}
