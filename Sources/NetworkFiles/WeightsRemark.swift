import Basics

/// What a user should know about the weights that were taken of a file.
public struct WeightsRemark: Sendable, CustomStringConvertible {
    /// Other weights of the file that fit as well.
    struct Other: Sendable {
        /// Where they stand; nil for the outermost dictionary.
        let key: String?

        /// Whether they are a running mean of the weights.
        let isAveraged: Bool
    }

    /// The file.
    let path: String

    /// What was done.
    let text: String

    /// What could have been taken instead.
    let others: [Other]

    /// Whether the weights are those that a student starts from.
    package private(set) var isOfStudent = false

    init(path: String, _ text: String, others: [Other] = []) {
        self.path = path
        self.text = text
        self.others = others
    }

    /// The same about the weights that a student starts from.
    package var ofStudent: WeightsRemark {
        var remark = self
        remark.isOfStudent = true
        return remark
    }

    /// What was done, in a sentence.
    public var description: String {
        alternatives { "the key \($0.quoted)" }.map { "\(problem); \($0)" } ?? problem
    }

    /// The sentence without what could have been taken instead.
    package var problem: String { "\(path): \(text)" }

    /// What could have been taken instead.
    ///
    /// - Parameter naming: how a key is given.
    /// - Returns: nil where there is nothing.
    package func alternatives(_ naming: (String) -> String) -> String? {
        guard !others.isEmpty else { return nil }
        return others.map { other in
            (other.isAveraged ? "averaged ones" : "others") + " that fit stand "
                + (other.key.map { "under \($0.shown), to be taken with \(naming($0))" }
                    ?? "outermost")
        }.joined(separator: "; ")
    }
}
