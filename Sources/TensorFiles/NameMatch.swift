/// How the names of a file's tensors become those of a network.
///
/// Wrappers put their own names before a network's: `module.` (DataParallel, an averaged model),
/// `_orig_mod.` (`torch.compile`, anywhere in a name), `model.`, `module.student.` and others. What is left
/// once one common prefix is taken off must be the network's names.
public struct NameMatch: Sendable, Equatable {
    /// The prefix that was taken off, with its dot at the end; empty for none.
    public let prefix: String

    /// The prefix of the few names that do not stand below the other, such as a head's; nil for none.
    public let secondPrefix: String?

    /// The file's names by the network's.
    public let names: [String: String]

    /// The file's names that stand below a prefix and are none of the network's, or a second time.
    public let unexpected: [String]

    /// The file's names that stand below no prefix.
    public let outside: [String]

    /// The names that the network must have and that were not found.
    public let missing: [String]

    /// Whether every name that the network must have was found.
    public var isComplete: Bool { missing.isEmpty }

    /// What `torch.compile` puts into names.
    private static let compiled = "_orig_mod"

    /// How many of the network's names are tried for prefixes, how many prefixes are looked at, and how many
    /// are looked at closely.
    private static let anchorCount = 8
    private static let prefixLimit = 64
    private static let matchLimit = 8

    /// Finds the prefix below which most of a network's names stand.
    ///
    /// - Parameters:
    ///   - given: the file's names.
    ///   - required: the names that the network must have.
    ///   - optional: the names that it may have beside them.
    public init(_ given: [String], required: [String], optional: [String] = []) {
        let matches = Self.all(given, required: required, optional: optional)
        // Of equally good prefixes the shortest is taken, so that none is where none is needed.
        self =
            matches.min {
                ($0.missing.count, $0.prefix.count) < ($1.missing.count, $1.prefix.count)
            }
            ?? NameMatch(given, below: "", required: required, optional: optional)
    }

    /// A match for each of the prefixes below which most of a network's names stand, in the file's order.
    ///
    /// - Parameters:
    ///   - given: the file's names.
    ///   - required: the names that the network must have.
    ///   - optional: the names that it may have beside them.
    /// - Returns: at least one.
    public static func all(
        _ given: [String], required: [String], optional: [String] = []
    ) -> [NameMatch] {
        let cleaned = given.map(withoutCompiled)
        let known = Set(cleaned)
        let counts = prefixes(of: cleaned, required).enumerated().map { place, prefix in
            (place: place, prefix: prefix, count: required.count { known.contains(prefix + $0) })
        }
        let ranked = counts.sorted { ($1.count, $0.place) < ($0.count, $1.place) }
        let best = ranked.prefix(1) + ranked.dropFirst().filter { 2 * $0.count >= required.count }
        return best.prefix(matchLimit).sorted { $0.place < $1.place }.map {
            NameMatch(given, below: $0.prefix, required: required, optional: optional)
        }
    }

    private init(
        _ given: [String], below prefix: String, required: [String], optional: [String]
    ) {
        let wanted = Set(required).union(optional)
        var names: [String: String] = [:]
        var rest: [String] = []
        func assign(_ name: String, below prefix: String) -> Bool {
            let cleaned = Self.withoutCompiled(name)
            guard cleaned.hasPrefix(prefix) else { return false }
            let own = String(cleaned.dropFirst(prefix.count))
            guard wanted.contains(own), names[own] == nil else { return false }
            names[own] = name
            return true
        }
        // A name that stands there as it is goes before one that only cleaning makes the same.
        let order =
            given.filter { !$0.contains(Self.compiled) }
            + given.filter { $0.contains(Self.compiled) }
        for name in order where !assign(name, below: prefix) { rest.append(name) }
        var second: String?
        let missing = required.filter { names[$0] == nil }
        if let first = missing.first, missing.count * 2 < required.count {
            let cleaned = Set(rest.map(Self.withoutCompiled))
            second = Self.prefixes(of: rest.map(Self.withoutCompiled), [first]).first { second in
                second != prefix && missing.allSatisfy { cleaned.contains(second + $0) }
            }
        }
        if let second { rest = rest.filter { !assign($0, below: second) } }
        self.prefix = prefix
        secondPrefix = second
        self.names = names
        self.missing = required.filter { names[$0] == nil }
        let isBelow = { (name: String) in
            let cleaned = Self.withoutCompiled(name)
            return cleaned.hasPrefix(prefix) || second.map { cleaned.hasPrefix($0) } ?? false
        }
        unexpected = rest.filter(isBelow)
        outside = rest.filter { !isBelow($0) }
    }

    /// A name of the file without the prefix, where it has one.
    package func withoutPrefix(_ name: String) -> String {
        let cleaned = Self.withoutCompiled(name)
        for prefix in [prefix, secondPrefix ?? prefix] where cleaned.hasPrefix(prefix) {
            return String(cleaned.dropFirst(prefix.count))
        }
        return cleaned
    }

    /// What stands behind a prefix and a dot in a name; nil where the name does not begin with them.
    package static func name(_ name: String, below prefix: String) -> String? {
        let start = withoutCompiled(prefix) + "."
        let cleaned = withoutCompiled(name)
        return cleaned.hasPrefix(start) ? String(cleaned.dropFirst(start.count)) : nil
    }

    /// The prefixes that the first few of the network's names have among the given ones, none first.
    private static func prefixes(of given: [String], _ required: [String]) -> [String] {
        var prefixes = [""]
        var seen: Set<String> = [""]
        for anchor in required.prefix(anchorCount) {
            for name in given where name.hasSuffix("." + anchor) {
                let prefix = String(name.dropLast(anchor.count))
                if seen.insert(prefix).inserted { prefixes.append(prefix) }
                if prefixes.count == prefixLimit { return prefixes }
            }
        }
        return prefixes
    }

    /// A name without what `torch.compile` put into it.
    package static func withoutCompiled(_ name: String) -> String {
        guard name.contains(compiled) else { return name }
        return name.split(separator: ".", omittingEmptySubsequences: false)
            .filter { $0 != compiled }.joined(separator: ".")
    }
}
