import Basics
import Distillation
import VisionModels
import Yams

extension ScheduleSettings {
    private enum Name: String, CaseIterable { case constant, multistep, onecycle, cosine }

    private enum Key: String, CaseIterable {
        case name, milestones, factor
        case warmupFraction = "warmup_fraction"
        case startFactor = "start_factor"
        case finalFactor = "final_factor"
    }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        let name: Name = try section.required(.name, .choice)
        let reason = "schedule.name is \(name.rawValue)"
        switch name {
        case .constant:
            try section.allow(.name, when: reason)
            self = .constant
        case .multistep:
            try section.allow(.name, .milestones, .factor, when: reason)
            let milestones = try section.required(.milestones, .list(of: .integer(atLeast: 1)))
            guard zip(milestones, milestones.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw section.contradiction(
                    .milestones, "expected epochs in rising order, found \(milestones)")
            }
            let factor = try section.optional(.factor, .positiveFraction) ?? 0.1
            self = .multistep(milestones: milestones, factor: factor)
        case .onecycle:
            try section.allow(
                .name, .warmupFraction, .startFactor, .finalFactor, when: reason)
            self = .onecycle(
                warmupFraction: try section.optional(.warmupFraction, .fraction) ?? 0.3,
                startFactor: try section.optional(.startFactor, .fraction) ?? 0.04,
                finalFactor: try section.optional(.finalFactor, .fraction) ?? 0.000004)
        case .cosine:
            try section.allow(.name, .finalFactor, when: reason)
            self = .cosine(finalFactor: try section.optional(.finalFactor, .fraction) ?? 0)
        }
    }
}

extension MethodSettings {
    private enum Key: String, CaseIterable {
        case name
        case crossEntropyWeight = "cross_entropy_weight"
        case review, kd, fitnet, at, sp, rkd, pkt, vid, crd, ofd, dkd, dist
    }

    init(
        _ field: RecipeField, for use: ([Name]) -> MethodUse
    ) throws {
        let section = try RecipeSection<Key>(field)
        let names = try section.required(.name, .methods)
        let name = names.map(\.rawValue).joined(separator: "+")
        let used = names.map { $0 == .reviewkd ? "review" : $0.rawValue }
        for key in Key.allCases where section[key] != nil {
            guard key == .name || key == .crossEntropyWeight || used.contains(key.rawValue) else {
                throw section.contradiction(
                    key,
                    "is not used when method.name is \(name); "
                        + RecipeField.removal(of: section.path(to: key)))
            }
        }
        let use = use(names)
        var constants = use.constants
        for name in names where constants[name] != nil {
            guard let key = Key(rawValue: name.rawValue) else { continue }
            let rule = RecipeRule.section { try MethodConstants($0, of: name, for: use) }
            if let given = try section.optional(key, rule) { constants[name] = given }
        }
        self.init(
            names: names,
            crossEntropyWeight: try section.optional(.crossEntropyWeight, .nonNegative)
                ?? use.crossEntropyWeight,
            review: names.contains(.reviewkd) ? try Self.review(section, for: use) : nil,
            constants: constants)
    }

    /// What the section leaves out altogether is as published for the networks.
    private static func review(
        _ section: RecipeSection<Key>, for use: MethodUse
    ) throws -> ReviewSettings {
        guard section[.review] == nil, use.teacher != nil else {
            return try section.required(.review, .section(read: ReviewSettings.init))
        }
        return use.review
    }
}

extension MethodSettings.Name {
    fileprivate static let known = allCases.map(\.rawValue)
    fileprivate static let expected =
        "one of \(known.joined(separator: ", ")), or several but alone joined by +"

    /// The sentence for names that cannot be read, with the nearest ones that can.
    public static func unknown(_ text: String, option: String) -> String {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let twice = parts.first { part in
            known.contains(part) && parts.count { $0 == part } > 1
        }
        if let twice {
            return "\(option) is \(text), expected each method once, found \(twice) twice"
        }
        return "\(option) is \(text), expected \(expected)"
            + (nearest(to: text).map { "; did you mean \"\($0)\"?" } ?? "")
    }

    /// The methods that were probably meant, as they are joined.
    fileprivate static func nearest(to text: String) -> String? {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let names = parts.compactMap { NearestName.find($0, among: known) }
        let joined = names.joined(separator: "+")
        let isSum = names.count == parts.count && [Self](joined: joined) != nil
        return isSum ? joined : NearestName.find(text, among: known)
    }
}

extension RecipeRule where Value == [MethodSettings.Name] {
    static var methods: Self {
        Self(
            expected: MethodSettings.Name.expected,
            nearest: { MethodSettings.Name.nearest(to: $0) }
        ) {
            $0.node.scalar.flatMap { [MethodSettings.Name](joined: $0.string) }
        }
    }
}

extension [MethodSettings.Name] {
    /// Reads `reviewkd+kd`; nil where a name is unknown or stands twice, or `alone` is joined.
    public init?(joined text: String) {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        let names = parts.compactMap { MethodSettings.Name(rawValue: String($0)) }
        guard names.count == parts.count, Set(names).count == names.count,
            names.count == 1 || !names.contains(.alone)
        else { return nil }
        self = names
    }
}

extension ReviewSettings {
    private enum Key: String, CaseIterable {
        case weight, warmup, fusion, distance, levels, residual, stages
        case midChannels = "mid_channels"
    }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        weight = try section.required(.weight, .nonNegative)
        warmup = try section.optional(.warmup, .section(read: Warmup.init)) ?? .epochs(0)
        fusion = try section.optional(.fusion, .choice) ?? .abf
        distance = try Self.readDistance(section)
        residual = try section.optional(.residual, .flag) ?? true
        stages = try section.optional(.stages, .list(of: .section(read: StageMatch.init)))
        midChannels = try section.optional(
            .midChannels, .integer(atLeast: 1, atMost: MethodConstants.largestWidth))
    }

    private enum Distance: String, CaseIterable { case hcl, l2 }

    private static func readDistance(_ section: RecipeSection<Key>) throws -> ReviewDistance {
        let levels = try section.optional(.levels, .list(of: .integer(atLeast: 1)))
        let name: Distance = try section.optional(.distance, .choice) ?? .hcl
        if name == .l2 {
            guard levels == nil else {
                throw section.contradiction(
                    .levels,
                    "is not used when distance is l2; "
                        + RecipeField.removal(of: section.path(to: .levels)))
            }
            return .l2
        }
        guard let levels else { return .hcl }
        guard zip(levels, levels.dropFirst()).allSatisfy(>) else {
            throw section.contradiction(.levels, "expected falling sizes, found \(levels)")
        }
        return .hierarchical(levels: levels)
    }
}

extension ReviewSettings.Warmup {
    private enum Key: String, CaseIterable { case epochs, fraction }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        if let fraction = try section.optional(.fraction, .fraction) {
            try section.allow(.fraction, when: "warmup.fraction is given")
            self = .fraction(fraction)
        } else {
            self = .epochs(try section.required(.epochs, .integer(atLeast: 0)))
        }
    }
}

extension ReviewSettings.StageMatch {
    private enum Key: String, CaseIterable { case student, teacher }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        student = try section.required(.student, .integer(atLeast: 1))
        teacher = try section.required(.teacher, .list(of: .integer(atLeast: 1)))
    }
}
