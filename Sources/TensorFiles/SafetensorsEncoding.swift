import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Safetensors {
    /// Encodes tensors so that equal tensors and metadata always give equal bytes.
    ///
    /// As in the reference implementation, the tensors with the widest elements come first, then
    /// the names decide, so that each tensor is aligned to its elements. Metadata are sorted too.
    ///
    /// - Parameters:
    ///   - entries: the tensors, in any order.
    ///   - metadata: texts to store in the header.
    /// - Returns: the contents of a safetensors file.
    /// - Throws: `SafetensorsError` where two entries share a name, an entry has the name that the
    ///   format reserves, or an entry's bytes do not fit its shape.
    public static func encode(
        entries: [TensorEntry], metadata: [String: String] = [:]
    ) throws(SafetensorsError) -> Data {
        let sorted = try checked(entries).sorted(by: precedes)
        var members: [String] = []
        if !metadata.isEmpty {
            members.append(quoted(metadataKey) + ":" + object(metadata))
        }
        var position = 0
        for entry in sorted {
            let (end, overflow) = position.addingReportingOverflow(entry.bytes.count)
            guard !overflow else { throw .shapeOverflow(entry: entry.name, shape: entry.shape) }
            let description = description(of: entry, from: position, to: end)
            members.append(quoted(entry.name) + ":" + description)
            position = end
        }
        var header = Data("{\(members.joined(separator: ","))}".utf8)
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -header.count & 7))
        guard header.count <= headerLimit else {
            throw .headerTooLong(claimed: UInt64(header.count), limit: headerLimit)
        }
        return file(header: header, entries: sorted, dataCount: position)
    }

    private static func file(header: Data, entries: [TensorEntry], dataCount: Int) -> Data {
        var file = Data()
        file.reserveCapacity(8 + header.count + dataCount)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(header)
        for entry in entries {
            file.append(entry.bytes)
        }
        return file
    }

    private static func checked(
        _ entries: [TensorEntry]
    ) throws(SafetensorsError) -> [TensorEntry] {
        var names: Set<String> = []
        for entry in entries {
            guard entry.name != metadataKey else { throw .reservedName(entry.name) }
            guard names.insert(entry.name).inserted else { throw .duplicateName(entry.name) }
            try check(
                byteCount: entry.bytes.count, of: entry.name, entry.elementType, shape: entry.shape)
        }
        return entries
    }

    private static func precedes(_ left: TensorEntry, _ right: TensorEntry) -> Bool {
        let ranks = ElementType.allCases
        let leftRank = ranks.firstIndex(of: left.elementType) ?? 0
        let rightRank = ranks.firstIndex(of: right.elementType) ?? 0
        guard leftRank == rightRank else { return leftRank < rightRank }
        return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }

    private static func description(of entry: TensorEntry, from begin: Int, to end: Int) -> String {
        let shape = entry.shape.map(String.init).joined(separator: ",")
        return """
            {"dtype":"\(entry.elementType.safetensorsCode)","shape":[\(shape)],\
            "data_offsets":[\(begin),\(end)]}
            """
    }

    private static func object(_ texts: [String: String]) -> String {
        let sorted = texts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let members = sorted.map { quoted($0.key) + ":" + quoted($0.value) }
        return "{\(members.joined(separator: ","))}"
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.unicodeScalars.map(escaped).joined())\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\u{08}": "\\b"
        case "\u{0C}": "\\f"
        case "\u{00}"..."\u{0F}": "\\u000" + String(scalar.value, radix: 16)
        case "\u{10}"..."\u{1F}": "\\u00" + String(scalar.value, radix: 16)
        default: String(scalar)
        }
    }
}
