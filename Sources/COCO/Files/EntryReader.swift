import Basics
import Foundation

/// Reads the lists of a file, and knows which entry it is at.
struct EntryReader {
    var scanner: JSONScanner

    /// The list that is read: what its entries are, and which one it is at.
    private var list: (kind: String, number: Int)?

    private init(_ scanner: JSONScanner) { self.scanner = scanner }

    /// Reads a file.
    static func read<Value>(
        _ path: String, _ body: (inout EntryReader) throws(JSONError) -> Value
    ) throws(COCOFileError) -> Value {
        let data: Data
        do {
            data = try TextFile.data(of: path)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        return try read(data, path: path, body)
    }

    /// Reads the contents of a file.
    static func read<Value>(
        _ data: Data, path: String, _ body: (inout EntryReader) throws(JSONError) -> Value
    ) throws(COCOFileError) -> Value {
        let outcome = data.withUnsafeBytes { bytes in
            var reader = EntryReader(JSONScanner(bytes.bindMemory(to: UInt8.self)))
            let result = Result { () throws(JSONError) in try body(&reader) }
            return result.mapError { error in
                COCOFileError(error, path: path, entry: reader.entry)
            }
        }
        return try outcome.get()
    }

    /// What is being read, as the subject of a sentence.
    private var entry: String { list.map { "\($0.kind) \($0.number)" } ?? "the file" }

    /// Reads a list.
    ///
    /// - Parameters:
    ///   - kind: what its entries are.
    ///   - expected: what errors say of the list.
    ///   - read: reads one entry.
    /// - Returns: the entries.
    /// - Throws: what `read` throws, or what is wrong with the list.
    mutating func list<Entry>(
        of kind: String, _ expected: String = "a list",
        _ read: (inout JSONScanner) throws(JSONError) -> Entry
    ) throws(JSONError) -> [Entry] {
        var entries: [Entry] = []
        try scanner.enterArray(expected)
        let start = scanner.offset
        while try scanner.nextElement() {
            list = (kind, entries.count + 1)
            // The place of an entry is that of its first byte.
            _ = scanner.peekValue()
            entries.append(try read(&scanner))
            if entries.count == Self.sample { reserve(&entries, from: start) }
        }
        list = nil
        return entries
    }

    private static let sample = 256

    /// Makes room for as many entries as there are if all are as long as the first ones.
    private func reserve<Entry>(_ entries: inout [Entry], from start: Int) {
        let length = Double(scanner.offset - start) / Double(entries.count)
        let expected = Double(scanner.bytes.count - start) / length * 1.05
        entries.reserveCapacity(Int(expected))
    }
}
