/// Meets the other processes now and then, while each of them does pieces of work of its own.
///
/// Without that a slow one would look like one that hangs, and one that has gone would be noticed at the end alone.
public struct Meetings {
    private let processes: any ProcessGroup

    /// How often all of them meet.
    private let count: Int
    private var pieces = 0
    private var met = 0

    /// Agrees how often to meet.
    ///
    /// - Parameters:
    ///   - processes: those that meet.
    ///   - pieces: how many this process does.
    ///   - interval: how many it does between two meetings.
    /// - Throws: where another process failed.
    public init(of processes: any ProcessGroup, pieces: Int, interval: Int = 4) throws {
        self.processes = processes
        self.interval = interval
        count = processes.size > 1 ? try processes.greatest(of: pieces) / interval : 0
    }

    private let interval: Int

    /// Notes a piece of work, and meets the others where it is time.
    ///
    /// - Throws: where another process failed.
    public mutating func note() throws {
        pieces += 1
        if pieces % interval == 0 { try meet() }
    }

    /// Meets those that have more to do, until all are done.
    ///
    /// - Throws: where another process failed.
    public mutating func end() throws { while met < count { try meet() } }

    private mutating func meet() throws {
        guard met < count else { return }
        _ = try processes.greatest(of: met)
        met += 1
    }
}
