/// What happened and what to do, as an error says them.
///
/// - Parameters:
///   - problem: What happened, as whole sentences that end in a full stop, or as one part of a sentence.
///   - remedy: What to do, in a part of a sentence.
/// - Returns: Sentences where the problem is some, else one sentence without a full stop.
package func sentences(_ problem: String, _ remedy: String) -> String {
    guard problem.hasSuffix(".") else { return "\(problem); \(remedy)" }
    let end = remedy.hasSuffix("?") || remedy.hasSuffix(".") ? "" : "."
    return "\(problem) \(remedy.prefix(1).uppercased())\(remedy.dropFirst())\(end)"
}
