/// How the names of a file's tensors become those of a network.
///
/// Wrappers put their own names before a network's: `module.` (DataParallel, an averaged model),
/// `_orig_mod.` (`torch.compile`, anywhere in a name), `model.`, `module.student.` and others. What is left
/// once one common prefix is taken off must be the network's names.
public struct NameMatch: Sendable, Equatable {
    /// The prefix that was taken off, with its dot at the end; empty for none.
    public let prefix: String

    /// The file's names by the network's.
    public let names: [String: String]

    /// The file's names that stand below the prefix and are none of the network's, without the prefix.
    public let unexpected: [String]

    /// The file's names that do not stand below the prefix, without what `torch.compile` put into them.
    public let outside: [String]

    /// Other prefixes below which all of the network's names stand too.
    public let alternatives: [String]

    /// How many of the names that the network must have were not found.
    public let missingCount: Int

    /// Whether every name that the network must have was found.
    public var isComplete: Bool { missingCount == 0 }

    /// What `torch.compile` puts into names.
    private static let compiled = "_orig_mod"

    /// How many of the network's names are tried for prefixes.
    private static let anchorCount = 8

    /// Finds the prefix below which most of a network's names stand.
    ///
    /// - Parameters:
    ///   - given: the file's names.
    ///   - required: the names that the network must have.
    ///   - optional: the names that it may have beside them.
    public init(_ given: [String], required: [String], optional: [String] = []) {
        let cleaned = given.map(Self.withoutCompiled)
        let known = Set(cleaned)
        let counts = Self.prefixes(of: cleaned, required).map { prefix in
            (prefix: prefix, count: required.count { known.contains(prefix + $0) })
        }
        let best = counts.max { $0.count < $1.count }?.count ?? 0
        // Of equally good prefixes the shortest is taken, so that none is where none is needed.
        let prefix =
            counts.filter { $0.count == best }.map(\.prefix).min { $0.count < $1.count } ?? ""
        let wanted = Set(required).union(optional)
        var names: [String: String] = [:]
        var unexpected: [String] = []
        var outside: [String] = []
        for (name, cleaned) in zip(given, cleaned) {
            guard cleaned.hasPrefix(prefix) else {
                outside.append(cleaned)
                continue
            }
            let own = String(cleaned.dropFirst(prefix.count))
            if wanted.contains(own), names[own] == nil {
                names[own] = name
            } else {
                unexpected.append(own)
            }
        }
        self.prefix = prefix
        self.names = names
        self.unexpected = unexpected
        self.outside = outside
        missingCount = required.count - best
        alternatives = counts.filter { $0.count == required.count && $0.prefix != prefix }.map(
            \.prefix)
    }

    /// A name of the file without the prefix, where it has that.
    package func withoutPrefix(_ name: String) -> String {
        let cleaned = Self.withoutCompiled(name)
        return cleaned.hasPrefix(prefix) ? String(cleaned.dropFirst(prefix.count)) : cleaned
    }

    /// The prefixes that the first few of the network's names have among the given ones, in their order.
    private static func prefixes(of given: [String], _ required: [String]) -> [String] {
        var prefixes = [""]
        var seen: Set<String> = [""]
        for anchor in required.prefix(anchorCount) {
            for name in given where name.hasSuffix("." + anchor) {
                let prefix = String(name.dropLast(anchor.count))
                if seen.insert(prefix).inserted { prefixes.append(prefix) }
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
