import Foundation

/// What a page does not know yet.
struct Update {
    /// A part of a curve.
    struct Points {
        let run: Int64
        let name: String

        /// Whether they take the place of all earlier ones.
        let isWhole: Bool
        var steps: [Int]
        var values: [Double]
    }

    var cards: [RunCard] = []
    var gone: [Int64] = []
    var points: [Points] = []

    var isEmpty: Bool { cards.isEmpty && gone.isEmpty && points.isEmpty }

    /// The update as JSON objects, each of them no longer than a page may be sent at once.
    ///
    /// - Parameter limit: bytes; a single run or curve is not cut.
    /// - Returns: the objects.
    /// - Throws: what the encoder throws.
    func messages(limit: Int = 90_000) throws -> [String] {
        var messages: [String] = []
        var (parts, bytes) = (["runs": [String](), "curves": []], 0)
        func close() {
            guard bytes > 0 else { return }
            let fields = parts.filter { !$0.value.isEmpty }.sorted { $0.key > $1.key }
                .map { "\"\($0.key)\":[\($0.value.joined(separator: ","))]" }
            messages.append("{\(fields.joined(separator: ","))}")
            (parts, bytes) = (["runs": [], "curves": []], 0)
        }
        func add(_ text: String, to part: String) {
            if bytes + text.utf8.count > limit { close() }
            parts[part, default: []].append(text)
            bytes += text.utf8.count + 1
        }
        if !gone.isEmpty { messages.append("{\"gone\":[\(Self.list(gone))]}") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for card in cards {
            add(String(decoding: try encoder.encode(card), as: UTF8.self), to: "runs")
        }
        for points in points {
            let name = String(decoding: try encoder.encode(points.name), as: UTF8.self)
            let whole = points.isWhole ? ",\"whole\":true" : ""
            add(
                "{\"run\":\(points.run),\"name\":\(name)\(whole),\"steps\":[\(Self.differences(points.steps))],"
                    + "\"values\":[\(points.values.map(Self.number).joined(separator: ","))]}",
                to: "curves")
        }
        close()
        return messages
    }

    private static func list(_ numbers: [Int64]) -> String {
        numbers.map(String.init).joined(separator: ",")
    }

    /// The first step, and of each further one how far it is from the one before, which is shorter.
    private static func differences(_ steps: [Int]) -> String {
        var last = 0
        return steps.map { step in
            defer { last = step }
            return String(step - last)
        }.joined(separator: ",")
    }

    private static func number(_ value: Double) -> String {
        // As single precision the shortest text that gives the same number again has no more digits.
        let short = Float(rounded(value))
        guard value.isFinite else { return "null" }
        return short.isFinite && (short != 0 || value == 0)
            ? short == short.rounded() && abs(short) < 1e6 ? "\(Int(short))" : "\(short)"
            : "\(value)"
    }
}
