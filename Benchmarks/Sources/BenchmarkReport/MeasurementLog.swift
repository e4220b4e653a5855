import Foundation

/// The file of measurements: one JSON object a line, appended as soon as it is there.
public struct MeasurementLog {
    /// The file.
    public let path: String

    /// What stands in it.
    public private(set) var measurements: [Measurement]

    private var known: Set<MeasurementKey>

    /// Opens a file, which need not exist yet.
    ///
    /// A last line without its line feed is what a run that was cut off left; it is removed.
    ///
    /// - Parameter path: the file.
    /// - Throws: `MeasurementLogError` for a line that is no measurement, or what reading throws.
    public init(path: String) throws {
        self.path = path
        measurements = []
        if FileManager.default.fileExists(atPath: path) {
            let url = URL(fileURLWithPath: path)
            let data = try Data(contentsOf: url)
            let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data()
            if whole.count < data.count { try whole.write(to: url, options: .atomic) }
            measurements = try Self.decode(whole, path: path)
        }
        known = Set(measurements.map(\.key))
    }

    /// Whether a measurement is there already.
    public func contains(_ key: MeasurementKey) -> Bool { known.contains(key) }

    /// Adds a measurement at the end of the file.
    ///
    /// - Parameter measurement: what was measured.
    /// - Throws: what writing throws.
    public mutating func append(_ measurement: Measurement) throws {
        let line = try Self.encoder.encode(measurement) + Data("\n".utf8)
        if !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(fileURLWithPath: path))
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { file.closeFile() }
        try file.seekToEnd()
        try file.write(contentsOf: line)
        measurements.append(measurement)
        known.insert(measurement.key)
    }

    /// Decodes a file's lines.
    static func decode(_ data: Data, path: String) throws -> [Measurement] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            do {
                return try decoder.decode(Measurement.self, from: line)
            } catch let error as DecodingError {
                throw MeasurementLogError.line(path: path, number: index + 1, reason: "\(error)")
            }
        }
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// What can be wrong with a file of measurements.
public enum MeasurementLogError: Error, CustomStringConvertible {
    /// A line is no measurement.
    case line(path: String, number: Int, reason: String)

    /// The line, and what to do with it.
    public var description: String {
        switch self {
        case .line(let path, let number, let reason):
            "\(path): expected a measurement in line \(number), found something else; remove the "
                + "line or the file\n\(reason)"
        }
    }
}
