import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a safetensors header says, in the order in which it says it.
struct SafetensorsHeader {
    /// One tensor's description; the offsets count from the header's end and are not yet checked.
    struct Tensor {
        let name: String
        /// The type by the header's code, which need not be one that weights have.
        let code: String
        let shape: [Int]
        let begin: Int
        let end: Int
    }

    private(set) var tensors: [Tensor] = []
    private(set) var metadata: [String: String] = [:]

    /// The tensors by where their bytes begin; empty ones come before what follows them.
    var tensorsInFileOrder: [Tensor] {
        tensors.enumerated().sorted {
            ($0.element.begin, $0.element.end, $0.offset)
                < ($1.element.begin, $1.element.end, $1.offset)
        }.map(\.element)
    }

    /// Reads a header: first whether it is JSON of the right form, then the rules of the format.
    init(_ bytes: Data) throws(SafetensorsError) {
        var names: Set<String> = []
        for member in try Self.members(of: bytes) {
            guard names.insert(member.name).inserted else { throw .duplicateName(member.name) }
            switch member.value {
            case .metadata(let texts):
                for (key, text) in texts {
                    guard metadata.updateValue(text, forKey: key) == nil else {
                        throw .duplicateField(entry: member.name, field: key)
                    }
                }
            case .tensor(let fields): tensors.append(try Tensor(member.name, fields))
            }
        }
    }

    /// A member of the header's object, as it is written.
    private struct Member {
        enum Value {
            case metadata([(key: String, text: String)])
            case tensor([(name: String, value: Tensor.Field)])
        }

        let name: String
        let value: Value
    }

    private static func members(of bytes: Data) throws(SafetensorsError) -> [Member] {
        let members = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in
                var scanner = JSONScanner(bytes.bindMemory(to: UInt8.self))
                return try self.members(from: &scanner)
            }
        }
        do {
            return try members.get()
        } catch {
            throw .headerSyntax(offset: error.offset, expected: error.expected)
        }
    }

    private static func members(from scanner: inout JSONScanner) throws(JSONError) -> [Member] {
        var members: [Member] = []
        try scanner.enterObject("'{'")
        while let name = try scanner.nextName() {
            let value =
                name == Safetensors.metadataKey
                ? Member.Value.metadata(try texts(from: &scanner))
                : .tensor(try Tensor.fields(from: &scanner))
            members.append(Member(name: name, value: value))
        }
        try scanner.end("nothing after the header's object")
        return members
    }

    private static func texts(
        from scanner: inout JSONScanner
    ) throws(JSONError) -> [(key: String, text: String)] {
        var texts: [(key: String, text: String)] = []
        try scanner.enterObject("'{'")
        while let key = try scanner.nextName() { texts.append((key, try scanner.string())) }
        return texts
    }
}

extension SafetensorsHeader.Tensor {
    /// What one key says of a tensor.
    fileprivate enum Field {
        case code(String)
        case shape([Int])
        case offsets([Int])
        /// As the reference implementation, which skips what later versions may add.
        case unknown
    }

    fileprivate static func fields(
        from scanner: inout JSONScanner
    ) throws(JSONError) -> [(name: String, value: Field)] {
        var fields: [(name: String, value: Field)] = []
        try scanner.enterObject("'{'")
        while let name = try scanner.nextName() {
            switch name {
            case "dtype": fields.append((name, .code(try scanner.string())))
            case "shape": fields.append((name, .shape(try naturals(from: &scanner))))
            case "data_offsets": fields.append((name, .offsets(try naturals(from: &scanner))))
            default:
                try scanner.skipValue()
                fields.append((name, .unknown))
            }
        }
        return fields
    }

    private static func naturals(from scanner: inout JSONScanner) throws(JSONError) -> [Int] {
        var numbers: [Int] = []
        try scanner.enterArray("'['")
        while try scanner.nextElement() { numbers.append(try scanner.natural()) }
        return numbers
    }

    fileprivate init(
        _ name: String, _ fields: [(name: String, value: Field)]
    ) throws(SafetensorsError) {
        var names: Set<String> = []
        var code = ""
        var shape: [Int] = []
        var offsets: [Int] = []
        for field in fields {
            guard names.insert(field.name).inserted else {
                throw .duplicateField(entry: name, field: field.name)
            }
            switch field.value {
            case .code(let text): code = text
            case .shape(let numbers): shape = numbers
            case .offsets(let numbers): offsets = numbers
            case .unknown: break
            }
        }
        for field in ["dtype", "shape", "data_offsets"] where !names.contains(field) {
            throw .missingField(entry: name, field: field)
        }
        guard shape.count <= ElementType.rankLimit else {
            throw .dimensionCount(entry: name, found: shape.count)
        }
        guard offsets.count == 2 else {
            throw .offsetCount(entry: name, found: offsets.count)
        }
        self.init(name: name, code: code, shape: shape, begin: offsets[0], end: offsets[1])
    }
}
