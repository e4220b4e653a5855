import Foundation
import Torch

/// What the process that plans a study asks of all the others.
enum StudyOrder: Codable, Equatable {
    /// A teacher as the runs of its students know it.
    struct Teacher: Codable, Equatable {
        /// The SHA-256 of its file.
        let digest: String

        /// Its test accuracy, in percent.
        let top1: Double
    }

    /// To wait for the next one.
    case wait

    /// To open the images.
    case open

    /// To judge a cell's teacher, whose weights come next; the cell is named by its recipe's digest.
    case judge(cell: String)

    /// To train cells together, named by their recipes' digests; their teacher's weights come next.
    case train(cells: [String], teacher: Teacher?)

    /// To end, after a signal or, with 0, since nothing is left to do.
    case end(signal: Int32)
}

extension ProcessGroup {
    /// Asks the other processes, which all wait for it, to do something.
    ///
    /// - Throws: where one of them failed.
    func give(_ order: StudyOrder) throws {
        _ = try broadcast(bytes: [UInt8](JSONEncoder().encode(order)), from: 0)
    }

    /// Waits for what the first process asks.
    ///
    /// - Throws: where another process failed.
    func takeOrder() throws -> StudyOrder {
        try JSONDecoder().decode(StudyOrder.self, from: Data(broadcast(bytes: [], from: 0)))
    }
}
