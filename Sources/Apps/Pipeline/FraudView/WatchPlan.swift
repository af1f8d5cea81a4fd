/// What is watched: a topic of change events, the alerts' topic, and the groups of the agents.
package struct WatchPlan: Sendable, Equatable {
    package var topic: String
    package var alertsTopic: String
    /// In the order in which they are shown.
    package var groups: [String]

    package init(topic: String, alertsTopic: String, groups: [String]) {
        self.topic = topic
        self.alertsTopic = alertsTopic
        self.groups = groups
    }
}
