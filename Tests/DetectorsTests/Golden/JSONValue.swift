import Foundation
import Torch
import TorchTestSupport

/// A value of a JSON file whose form differs from case to case.
enum JSONValue: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    /// A golden file that has not the form that its kind should have.
    struct FormError: Error, CustomStringConvertible {
        let description: String
    }

    /// What an object has under a key.
    func at(_ key: String) throws -> JSONValue {
        guard let value = optional(key) else {
            throw FormError(description: "expected the key '\(key)', found \(keys)")
        }
        return value
    }

    /// What an object has under a key, if anything.
    func optional(_ key: String) -> JSONValue? {
        guard case .object(let values) = self else { return nil }
        return values[key]
    }

    var keys: [String] {
        guard case .object(let values) = self else { return [] }
        return values.keys.sorted()
    }

    var list: [JSONValue] {
        get throws {
            guard case .list(let list) = self else { throw mismatch("a list") }
            return list
        }
    }

    var number: Double {
        get throws {
            guard case .number(let number) = self else { throw mismatch("a number") }
            return number
        }
    }

    var int: Int { get throws { Int(try number) } }

    var bool: Bool {
        get throws {
            guard case .bool(let bool) = self else { throw mismatch("true or false") }
            return bool
        }
    }

    var string: String {
        get throws {
            guard case .string(let string) = self else { throw mismatch("a text") }
            return string
        }
    }

    var numbers: [Double] { get throws { try list.map { try $0.number } } }
    var ints: [Int] { get throws { try list.map { try $0.int } } }
    var rows: [[Double]] { get throws { try list.map { try $0.numbers } } }
    var strings: [String] { get throws { try list.map { try $0.string } } }

    /// All numbers of nested lists.
    var flat: [Double] {
        get throws {
            guard case .list(let list) = self else { return [try number] }
            return try list.flatMap { try $0.flat }
        }
    }

    /// Boxes `[N, 4]`, float64.
    var boxes: Tensor {
        get throws {
            let rows = try rows
            return Tensor(rows.flatMap(\.self), shape: [rows.count, 4])
        }
    }

    /// Whole numbers `[N]`, int64.
    var indices: Tensor { get throws { Tensor(try ints.map(Int64.init)) } }

    /// A tensor given by its fill rule, float64.
    var filled: Tensor {
        get throws {
            try Tensor.hashed(
                at("key").int, shape: at("shape").ints,
                scale: optional("scale")?.number ?? 1)
        }
    }

    /// A summary of a tensor.
    var summary: Summary { get throws { try decode(Summary.self) } }

    private func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: JSONSerialization.data(withJSONObject: foundation))
    }

    private var foundation: Any {
        switch self {
        case .null: NSNull()
        case .bool(let bool): bool
        case .number(let number): number
        case .string(let string): string
        case .list(let list): list.map(\.foundation)
        case .object(let values): values.mapValues(\.foundation)
        }
    }

    private func mismatch(_ expected: String) -> FormError {
        FormError(description: "expected \(expected), found \(String(describing: self).prefix(80))")
    }
}
