import Screens

/// How the terminal's lines are shared out. What is not needed gives way where there are few.
struct WatchLayout: Sendable, Equatable {
    /// Lines above the body: title, figures, tabs.
    let headRows: Int
    /// Lines below it: a sentence where there is one to say, and the keys.
    let footRows: Int
    let bodyRows: Int
    /// Rows of a list, without what stands above it.
    let listRows: Int
    /// Lines of the pipeline's figures, above its table.
    let factRows: Int

    init(_ state: WatchState) {
        let isLow = state.size.rows < 16
        headRows = isLow ? min(2, max(0, state.size.rows - 2)) : 3
        footRows = isLow && WatchScreen.status(state) == nil ? 1 : 2
        bodyRows = max(0, state.size.rows - headRows - footRows)
        factRows = state.tab != .pipeline ? 0 : isLow ? min(2, max(0, bodyRows - 3)) : PipelineView.factRows
        listRows = max(0, bodyRows - 1 - factRows)
    }

    /// How far the text of an open alert, or the help, can be moved up.
    func lastTextTop(_ state: WatchState) -> Int {
        let count =
            state.showsHelp
            ? WatchHelp.lines.count : state.opened == nil ? 0 : AlertView.lines(state, width: state.size.columns).count
        return max(0, count - bodyRows)
    }
}
