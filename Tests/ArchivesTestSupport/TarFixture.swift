import CZlib
import Foundation

/// Writes tar archives by hand, also such as no decent program would write.
package struct TarFixture {
    /// The bytes of the archive so far, without the blocks of zeros at its end.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// The whole archive, not compressed.
    package var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// The whole archive, compressed.
    package var compressed: [UInt8] { gzip(whole) }

    package mutating func add(
        _ name: String, _ contents: [UInt8] = [], kind: Character = "0", size: String? = nil,
        prefix: String = "", target: String = ""
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put(size ?? octal(contents.count, digits: 11), at: 124)
        put("        ", at: 148)
        put(String(kind), at: 156)
        put(target, at: 157)
        put("ustar\u{0}00", at: 257)
        put(prefix, at: 345)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
        bytes += header + contents
        bytes += [UInt8](repeating: 0, count: (512 - contents.count % 512) % 512)
    }

    /// Adds a pax header, whose records count their own length.
    package mutating func addPax(_ key: String, _ value: String) {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while "\(length)\(rest)".utf8.count != length { length += 1 }
        add("PaxHeader", Array("\(length)\(rest)".utf8), kind: "x")
    }

    private func octal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: digits - text.count) + text
    }
}

/// One member of a gzip file, made by zlib's own compressor.
package func gzip(_ bytes: [UInt8]) -> [UInt8] {
    // 16 above the largest window asks for gzip's header and trailer.
    compressed(bytes, window: MAX_WBITS + 16)
}

/// Bytes as a zip archive's deflated member has them.
package func deflated(_ bytes: [UInt8]) -> [UInt8] { compressed(bytes, window: -MAX_WBITS) }

private func compressed(_ bytes: [UInt8], window: Int32) -> [UInt8] {
    var stream = z_stream()
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 1024)
    var input = bytes
    let size = Int32(MemoryLayout<z_stream>.size)
    input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            deflateInit2_(
                &stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            deflate(&stream, Z_FINISH)
            deflateEnd(&stream)
        }
    }
    return Array(output.prefix(Int(stream.total_out)))
}

/// Packs the folder `./set` of another folder with GNU tar.
///
/// - Parameters:
///   - source: the folder around it.
///   - archive: where the archive goes; packed by gzip where its name ends in `.gz`.
///   - format: one of GNU tar's.
/// - Returns: tar's status.
/// - Throws: where tar cannot be started.
package func packWithTar(_ source: URL, to archive: URL, format: String) throws -> Int32 {
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/bin/tar")
    tar.arguments = [
        "--format=\(format)", "-C", source.path, archive.pathExtension == "gz" ? "-czf" : "-cf",
        archive.path, "./set",
    ]
    try tar.run()
    tar.waitUntilExit()
    return tar.terminationStatus
}

/// Runs the test with a folder of its own, which is gone afterwards.
package func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws
    -> Result
{
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("reviewkd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

extension URL {
    /// Writes a file of this name into a folder and returns its place.
    package func writing(_ bytes: [UInt8], as name: String) throws -> URL {
        let url = appendingPathComponent(name)
        try Data(bytes).write(to: url)
        return url
    }

    /// The names of everything in the folder, hidden ones included.
    package func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}
