import Recipes
import RunRecords
import VisionData

/// The table of a study: ours beside what was published.
public struct StudyTable: Sendable {
    /// One line: a pair under a method, on a schedule.
    public struct Row: Sendable, Equatable, Encodable {
        /// The schedule.
        public let schedule: String

        /// Teacher and student.
        public let pair: String

        /// The method, or an ablation and its setting, or `teacher` for the teacher itself.
        public let method: String

        /// The test accuracies after the last epoch, in percent, one per seed; none yet where empty.
        public var values: [Double] = []

        /// The best test accuracies of any epoch, in percent; empty where they are not asked for.
        public var testBest: [Double] = []

        /// The test accuracies after the epochs that were best on held-out images, in percent.
        public var validationBest: [Double] = []

        /// The accuracies on held-out images after the last epoch, in percent.
        public var validation: [Double] = []

        /// The test accuracies of the averaged student after the last epoch, in percent.
        public var averaged: [Double] = []

        /// Its accuracies on held-out images then, in percent.
        public var averagedValidation: [Double] = []

        /// What was published, in percent.
        public let published: Double?

        /// How the published value was made; nil where there is none.
        public var claim: String? {
            published.flatMap { _ in PublishedAccuracies.protocol(pair, method) }
        }

        /// How far it is above the student alone with the same seed, in points, one per seed that both
        /// have.
        public var leads: [Double] = []

        /// How far the mean of the leads may be from 0 by chance, in points (95 %), judging by the
        /// scatter of all methods of the pair; nil where none has two seeds.
        public var leadNoise: Double?

        /// The mean of the leads.
        public var lead: Double? { leads.isEmpty ? nil : Accuracies(leads).mean }

        /// Whether the lead is no larger than chance explains, or nobody knows.
        public var isWithinNoise: Bool {
            guard let lead, let leadNoise else { return true }
            return abs(lead) <= leadNoise
        }

        /// The mean and the sample deviation over the seeds.
        public var accuracies: Accuracies? { values.isEmpty ? nil : Accuracies(values) }

        /// How far the mean is above what was published, in points.
        public var difference: Double? {
            published.flatMap { published in accuracies.map { $0.mean - published } }
        }

        enum CodingKeys: String, CodingKey {
            case schedule, pair, method, mean, std, n, values, published, difference, lead, leads
            case leadNoise = "lead_noise"
            case claim = "published_protocol"
            case testBest = "test_best"
            case validationBest = "validation_best"
            case validation
            case averaged = "ema"
            case averagedValidation = "ema_validation"
        }

        /// Encodes the row with mean, deviation and difference; what is not known is left out.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(schedule, forKey: .schedule)
            try container.encode(pair, forKey: .pair)
            try container.encode(method, forKey: .method)
            try container.encodeIfPresent(accuracies?.mean, forKey: .mean)
            if values.count > 1 { try container.encodeIfPresent(accuracies?.std, forKey: .std) }
            try container.encode(values.count, forKey: .n)
            try container.encode(values, forKey: .values)
            if !testBest.isEmpty { try container.encode(testBest, forKey: .testBest) }
            try container.encode(validationBest, forKey: .validationBest)
            if !validation.isEmpty { try container.encode(validation, forKey: .validation) }
            if !averaged.isEmpty { try container.encode(averaged, forKey: .averaged) }
            if !averagedValidation.isEmpty {
                try container.encode(averagedValidation, forKey: .averagedValidation)
            }
            try container.encodeIfPresent(published, forKey: .published)
            try container.encodeIfPresent(claim, forKey: .claim)
            try container.encodeIfPresent(difference, forKey: .difference)
            try container.encodeIfPresent(lead, forKey: .lead)
            try container.encode(leads, forKey: .leads)
            try container.encodeIfPresent(leadNoise, forKey: .leadNoise)
        }

        /// Takes what belongs here out of the results of its pair and schedule, in order of the seeds.
        fileprivate mutating func fill(
            from results: [CellResult], noise: SeedNoise?, showsTestBest: Bool
        ) {
            let own = results.filter { $0.method == method }
            values = own.map(\.top1)
            if showsTestBest { testBest = own.map(\.testBestTop1) }
            validationBest = own.compactMap(\.validationBestTop1)
            validation = own.compactMap(\.validationTop1)
            averaged = own.compactMap(\.averagedTop1)
            averagedValidation = own.compactMap(\.averagedValidationTop1)
            guard method != "alone" else { return }
            leads = own.compactMap { result in
                results.first { $0.method == "alone" && $0.seed == result.seed }
                    .map { result.top1 - $0.top1 }
            }
            if !leads.isEmpty { leadNoise = noise?.halfWidth(seeds: leads.count) }
        }

        init(_ schedule: String, _ pair: String, _ method: String, published: Double?) {
            self.schedule = schedule
            self.pair = pair
            self.method = method
            self.published = published
        }
    }

    /// The lines, pair by pair.
    public let rows: [Row]

    /// Gathers results.
    ///
    /// - Parameters:
    ///   - cells: what was asked for, in order; a cell without a result gives an empty line.
    ///   - results: of these and perhaps other cells, whose lines come after.
    ///   - showsTestBest: whether to show the best test epochs' accuracies too, which are chosen on the
    ///     test set, as ReviewKD's published ones were.
    public init(_ cells: [Cell], results: [CellResult], showsTestBest: Bool = false) {
        let trained = results.filter { $0.method != Cell.teacherMethod }
        let keys = cells.map(\.key) + trained.map(\.key)
        rows = Self.unique(keys.map { [$0.schedule, $0.pair] }).flatMap { place in
            let methods = Self.unique(
                keys.filter { [$0.schedule, $0.pair] == place }.map(\.method))
            let own = trained.filter { [$0.schedule, $0.pair] == place }
                .sorted { $0.seed < $1.seed }
            // The published values are of the whole of CIFAR-100.
            let here = cells.filter { [$0.key.schedule, $0.key.pair] == place }
            let publishes =
                here.allSatisfy { $0.recipe.dataset.images == .cifar100 }
                && own.allSatisfy(\.isOfPublishedImages)
            let noise = SeedNoise(Self.distinctRuns(own))
            return ([Cell.teacherMethod] + methods).map { method in
                var row = Row(
                    place[0], place[1], method,
                    published: publishes ? PublishedAccuracies.top1(place[1], method) : nil)
                if method == Cell.teacherMethod {
                    // One teacher may have been judged on several machines.
                    row.values = own.lazy.compactMap(\.teacherTop1).prefix(1).map { $0 }
                } else {
                    row.fill(from: own, noise: noise, showsTestBest: showsTestBest)
                }
                return row
            }
        }
    }

    /// The accuracies, those of a run that has several names once, also where it ran on two machines.
    private static func distinctRuns(_ results: [CellResult]) -> [SeedNoise.Value] {
        var names: [String: String] = [:]
        for twins in Dictionary(grouping: results, by: \.recipe).values where twins.count > 1 {
            let name = twins.map(\.method).min()
            for twin in twins { names[twin.method] = name }
        }
        var seen: Set<[String]> = []
        return results.compactMap { result in
            let method = names[result.method] ?? result.method
            guard seen.insert([method, "\(result.seed)"]).inserted else { return nil }
            return SeedNoise.Value(method: method, seed: result.seed, top1: result.top1)
        }
    }

    private static func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }
}
