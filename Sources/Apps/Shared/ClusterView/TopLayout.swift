/// How the terminal's lines are shared out. What is not needed gives way where there are few.
package struct TopLayout: Sendable, Equatable {
    /// Lines above the body: title, figures, tabs.
    let headRows: Int
    /// Lines below it: a sentence where there is one to say, and the keys.
    let footRows: Int
    let bodyRows: Int
    /// Rows of a list, without its titles.
    let listRows: Int
    /// Of a topic's view.
    let partitionRows: Int
    let messageRows: Int
    /// Lines above the rows of a group's view.
    let groupFacts: Int
    let groupRows: Int
    /// Whether a topic's view shows both of its parts.
    let showsBothPanes: Bool

    init(_ state: TopState) {
        let isLow = state.size.rows < 16
        headRows = isLow ? min(2, max(0, state.size.rows - 2)) : 3
        footRows = isLow && TopScreen.status(state) == nil ? 1 : 2
        bodyRows = max(0, state.size.rows - headRows - footRows)
        listRows = max(0, bodyRows - 1)
        groupFacts = isLow ? 1 : 3
        groupRows = max(0, bodyRows - groupFacts - 1)
        showsBothPanes = bodyRows >= 12
        var partitions = 0
        if case .topic(let name)? = state.detail { partitions = state.snapshot?.topic(name)?.partitions.count ?? 0 }
        // A line of facts, the titles of both parts; the messages get the larger share.
        let room = bodyRows - 3
        if showsBothPanes {
            partitionRows = max(1, min(partitions, room * 2 / 5))
            messageRows = max(0, room - partitionRows)
        } else {
            partitionRows = max(0, bodyRows - 1)
            messageRows = max(0, bodyRows - 1)
        }
    }

    /// How far the text of an open message, or the help, can be moved up.
    func lastTextTop(_ state: TopState) -> Int {
        let count =
            state.showsHelp
            ? HelpView.lines.count
            : state.openMessage.map { MessageView.lines($0, width: state.size.columns).count } ?? 0
        return max(0, count - bodyRows)
    }
}
