import Distillation
import Recipes
import Synchronization
import Torch

/// The cells that wait, handed out to the threads that run them.
final class StudyQueue: Sendable {
    private struct State {
        var waiting: ArraySlice<[Cell]>
        var done: Int
        var signal: Int32 = 0
        var failures: [any Error] = []
        var breakdown: (any Error)?
    }

    private let state: Mutex<State>
    private let cells: [Cell]
    private let count: Int

    /// How many groups there are.
    let groupCount: Int

    /// Queues cells; those that are the same run become one.
    ///
    /// - Parameters:
    ///   - cells: in order.
    ///   - settings: how many are handed out together.
    ///   - done: how many cells of the study were done before.
    ///   - count: how many cells there are in all.
    package init(_ cells: [Cell], settings: StudySettings, done: Int, of count: Int) {
        self.cells = cells
        var seen: Set<String> = []
        let firsts = cells.filter { seen.insert($0.recipe.digest).inserted }
        let groups =
            settings.device == .cpu
            ? Self.classes(firsts, settings)
            : stride(from: 0, to: firsts.count, by: settings.jobs).map {
                Array(firsts[$0..<min($0 + settings.jobs, firsts.count)])
            }
        groupCount = groups.count
        self.count = count
        state = Mutex(State(waiting: groups[...], done: done))
    }

    /// Cells whose students see the same batches can share their teacher's work.
    private static func classes(_ cells: [Cell], _ settings: StudySettings) -> [[Cell]] {
        let taught = cells.count { $0.teacher != nil }
        // No job is to wait for another's class.
        let size = min(settings.together, (taught + settings.jobs - 1) / settings.jobs)
        var groups: [[Cell]] = []
        for cell in cells {
            let mates = groups.lastIndex { group in
                group.count < size && group[0].seesTheSame(as: cell)
            }
            if let mates { groups[mates].append(cell) } else { groups.append([cell]) }
        }
        return groups
    }

    /// The next cells; nil where there are none, a signal asked to end, or nothing more can be run.
    func next() -> [Cell]? {
        state.withLock { $0.signal == 0 && $0.breakdown == nil ? $0.waiting.popFirst() : nil }
    }

    /// Records the result of a run for every cell that it belongs to.
    ///
    /// - Throws: what writing the results throws.
    func finish(_ cell: Cell, with result: CellResult, in study: Study) throws {
        for result in try study.add(result, of: cell) {
            let done = state.withLock { state in
                state.done += 1
                return state.done
            }
            study.report(.finished(result, done: done, of: count))
        }
    }

    /// Asks the others to end as well.
    func interrupt(_ signal: Int32) { state.withLock { $0.signal = signal } }

    /// Notes that no other cell can be run.
    func breakOff(because error: any Error) { state.withLock { $0.breakdown = error } }

    /// Notes that a run failed, for every cell that it belongs to.
    func fail(_ cell: Cell, with error: any Error, in study: Study) {
        for twin in cells where twin.recipe.digest == cell.recipe.digest {
            state.withLock { $0.failures.append(error) }
            study.report(.failed(twin.key, error))
        }
    }

    /// What came of it.
    var end: (done: Int, signal: Int32, failures: [any Error]) {
        state.withLock { ($0.done, $0.signal, $0.failures) }
    }

    /// What no other cell could be run after; nil where there is no such failure.
    var breakdown: (any Error)? { state.withLock { $0.breakdown } }
}

extension Cell {
    /// Whether its student and another's are shown the same batches by the same teacher.
    fileprivate func seesTheSame(as other: Cell) -> Bool {
        teacher != nil && recipe.teacher == other.recipe.teacher
            && recipe.teacher?.batchNorm == .frozen && recipe.dataset == other.recipe.dataset
            && recipe.validation == other.recipe.validation && recipe.seed == other.recipe.seed
            && recipe.batchSize == other.recipe.batchSize
    }
}
