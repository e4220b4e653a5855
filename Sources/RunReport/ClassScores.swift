import Distillation
import Torch
import TorchNN
import VisionData
import VisionModels

/// How often a student takes which class for which.
struct ClassScores {
    /// How many images of class `row` were taken for class `column`, at `row * classCount + column`.
    let counts: [Int]

    /// How many classes there are.
    let classCount: Int

    /// Judges a network on images.
    ///
    /// - Parameters:
    ///   - network: in evaluation mode.
    ///   - images: with their classes.
    ///   - classCount: how many classes there are.
    /// - Throws: where images cannot be read.
    init(
        of network: any Backbone, on images: any EvaluationBatches, classCount: Int
    ) throws {
        let folded = withoutGrad { network.folded(dtype: .float32) }
        var counts = Array(repeating: 0, count: classCount * classCount)
        try images.forEach { batch in
            let guesses = withoutGrad { folded.scores(of: batch.images).argmax(1) }
            let pairs = zip(
                batch.targets.elements(as: Int64.self), guesses.elements(as: Int64.self))
            for (truth, guess) in pairs { counts[Int(truth) * classCount + Int(guess)] += 1 }
        }
        self.counts = counts
        self.classCount = classCount
    }

    /// Takes counts as they are.
    init(counts: [Int], classCount: Int) {
        self.counts = counts
        self.classCount = classCount
    }

    /// The images of a class that were taken for what they are, in percent; nil where there are none.
    func accuracy(ofClass number: Int) -> Double? {
        let row = counts[(number * classCount)..<((number + 1) * classCount)]
        let all = row.reduce(0, +)
        return all == 0 ? nil : 100 * Double(counts[number * classCount + number]) / Double(all)
    }

    /// The classes that are most often taken for others.
    ///
    /// - Parameter count: how many pairs.
    /// - Returns: the true class, what it is taken for, and how often.
    func confusions(_ count: Int) -> [(truth: Int, guess: Int, images: Int)] {
        let wrong = counts.indices.filter { place in
            place / classCount != place % classCount && counts[place] > 0
        }
        // Of equally frequent ones the first, as everywhere in the page.
        let frequent = wrong.sorted { first, second in
            counts[first] == counts[second] ? first < second : counts[first] > counts[second]
        }
        return frequent.prefix(count).map { place in
            (truth: place / classCount, guess: place % classCount, images: counts[place])
        }
    }
}
