import Basics

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

    init(from scanner: inout JSONScanner) throws(SafetensorsError) {
        var names: Set<String> = []
        try scanner.object { (scanner, name) throws(SafetensorsError) in
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            if name == Safetensors.metadataKey {
                metadata = try Self.texts(from: &scanner)
            } else {
                tensors.append(try Self.tensor(name, from: &scanner))
            }
        }
        try scanner.end()
    }

    private static func texts(
        from scanner: inout JSONScanner
    ) throws(SafetensorsError) -> [String: String] {
        var texts: [String: String] = [:]
        try scanner.object { (scanner, key) throws(SafetensorsError) in
            let text = try scanner.string()
            guard texts.updateValue(text, forKey: key) == nil else {
                throw .duplicateField(entry: Safetensors.metadataKey, field: key)
            }
        }
        return texts
    }

    private static func tensor(
        _ name: String, from scanner: inout JSONScanner
    ) throws(SafetensorsError) -> Tensor {
        var fields: Set<String> = []
        var code = ""
        var shape: [Int] = []
        var offsets: [Int] = []
        try scanner.object { (scanner, field) throws(SafetensorsError) in
            guard fields.insert(field).inserted else {
                throw .duplicateField(entry: name, field: field)
            }
            switch field {
            case "dtype": code = try scanner.string()
            case "shape": shape = try scanner.naturals()
            case "data_offsets": offsets = try scanner.naturals()
            // As the reference implementation, which skips what later versions may add.
            default: try scanner.skipValue()
            }
        }
        for field in ["dtype", "shape", "data_offsets"] where !fields.contains(field) {
            throw .missingField(entry: name, field: field)
        }
        guard shape.count <= ElementType.rankLimit else {
            throw .dimensionCount(entry: name, found: shape.count)
        }
        guard offsets.count == 2 else {
            throw .offsetCount(entry: name, found: offsets.count)
        }
        return Tensor(
            name: name, code: code, shape: shape, begin: offsets[0], end: offsets[1])
    }
}
