/// The schemas that Kafka Connect's JSON converter writes for the table, as a real Debezium 3.6 wrote them; only the
/// topic's name differs from connector to connector.
enum SchemaText {
    /// From the opening brace up to the payload.
    static func value(topic: String) -> String {
        #"{"schema":{"type":"struct","fields":[{"type":"struct","fields":["# + row
            + #"],"optional":true,"name":""# + topic + #".Value","field":"before"},{"type":"struct","fields":["# + row
            + #"],"optional":true,"name":""# + topic + #".Value","field":"after"}"# + rest + #""name":""# + topic
            + #".Envelope","version":2},"payload":"#
    }

    /// From the opening brace up to the payload.
    static func key(topic: String) -> String {
        #"{"schema":{"type":"struct","fields":[{"type":"int32","optional":true,"field":"user_id"}],"optional":false,"#
            + #""name":""# + topic + #".Key"},"payload":"#
    }

    private static let row = #"""
        {"type":"int32","optional":false,"default":0,"field":"id"},\#
        {"type":"int32","optional":true,"field":"user_id"},\#
        {"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2","connect.decimal.precision":"10"},"field":"amount"},\#
        {"type":"string","optional":true,"field":"card_type"},\#
        {"type":"int32","optional":true,"field":"merchant_id"},\#
        {"type":"int64","optional":true,"name":"io.debezium.time.MicroTimestamp","version":1,"default":0,"field":"created_at"}
        """#

    private static let rest = #"""
        ,\#
        {"type":"struct","fields":[\#
        {"type":"string","optional":false,"field":"version"},\#
        {"type":"string","optional":false,"field":"connector"},\#
        {"type":"string","optional":false,"field":"name"},\#
        {"type":"int64","optional":false,"field":"ts_ms"},\#
        {"type":"string","optional":true,"name":"io.debezium.data.Enum","version":1,"parameters":{"allowed":"true,first,first_in_data_collection,last_in_data_collection,last,false,incremental"},"default":"false","field":"snapshot"},\#
        {"type":"string","optional":false,"field":"db"},\#
        {"type":"string","optional":true,"field":"sequence"},\#
        {"type":"int64","optional":true,"field":"ts_us"},\#
        {"type":"int64","optional":true,"field":"ts_ns"},\#
        {"type":"string","optional":false,"field":"schema"},\#
        {"type":"string","optional":false,"field":"table"},\#
        {"type":"int64","optional":true,"field":"txId"},\#
        {"type":"int64","optional":true,"field":"lsn"},\#
        {"type":"int64","optional":true,"field":"xmin"},\#
        {"type":"string","optional":true,"field":"origin"},\#
        {"type":"int64","optional":true,"field":"origin_lsn"}],"optional":false,"name":"io.debezium.connector.postgresql.Source","version":1,"field":"source"},\#
        {"type":"struct","fields":[\#
        {"type":"string","optional":false,"field":"id"},\#
        {"type":"int64","optional":false,"field":"total_order"},\#
        {"type":"int64","optional":false,"field":"data_collection_order"}],"optional":true,"name":"event.block","version":1,"field":"transaction"},\#
        {"type":"string","optional":false,"field":"op"},\#
        {"type":"int64","optional":true,"field":"ts_ms"},\#
        {"type":"int64","optional":true,"field":"ts_us"},\#
        {"type":"int64","optional":true,"field":"ts_ns"}],"optional":false,
        """#
}
