import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A value that a pickle describes.
///
/// Tuples, lists, dictionaries and objects are numbers of places in a `PickleGraph`, so that values
/// may be shared and even contain themselves, and no nesting makes copying or freeing them recurse.
package enum PickleValue: Sendable, Hashable {
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer of more than 64 bits.
    case longInteger
    case float(Double)
    case string(String)
    /// Raw bytes, which are a slice of the file.
    case bytes(Data)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case global(PickleGlobal)
    indirect case storage(StorageReference)
    indirect case tensor(TensorView)
    /// What a call gave that has no meaning here; nothing was executed.
    case object(Int)
}

/// An object of a class that the reader does not know, kept as the file describes it.
package struct PickleObject: Sendable {
    /// What errors call it, such as "an object of the class argparse.Namespace".
    package let kind: String
    /// What was called to make it, with its module.
    package let callee: String
    /// The arguments of that call.
    package let arguments: [PickleValue]
    /// The state that was given to it afterwards.
    package internal(set) var state = PickleValue.none
}

/// A checkpoint's storage, by the name under which the file keeps its bytes.
package struct StorageReference: Sendable, Hashable {
    package let key: String
    package let elementType: ElementType
    /// How many elements the whole storage has.
    package let count: Int
    /// Where in the storage the part begins that a tensor's offsets count from, in elements.
    package var start = 0
}

/// All values of a pickle.
package struct PickleGraph: Sendable {
    /// The value that the whole pickle stands for.
    package internal(set) var root = PickleValue.none

    /// The elements of tuples and lists, and the keys and values of dictionaries in turn.
    var cells: [[PickleValue]] = []

    /// The objects without meaning.
    var objects: [PickleObject] = []

    /// The type of every storage that the pickle refers to, by its key, as PyTorch names it.
    package internal(set) var storageTypes: [String: String] = [:]

    mutating func add(_ elements: [PickleValue]) -> Int {
        cells.append(elements)
        return cells.count - 1
    }

    mutating func add(_ object: PickleObject) -> PickleValue {
        objects.append(object)
        return .object(objects.count - 1)
    }

    /// The elements of a tuple or list, `nil` for anything else.
    package func elements(of value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let cell), .list(let cell): cells[cell]
        default: nil
        }
    }

    /// The keys and values of a dictionary in their order, `nil` for anything else.
    package func pairs(of value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
        guard case .dictionary(let cell) = value else { return nil }
        let items = cells[cell]
        return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
    }

    /// The value of a dictionary under a key, `nil` where there is none; Python 2 wrote keys as bytes.
    package func value(of dictionary: PickleValue, under key: String) -> PickleValue? {
        pairs(of: dictionary)?.last {
            $0.key == .string(key) || $0.key == .bytes(Data(key.utf8))
        }?.value
    }

    /// The object that a value is, `nil` for anything else.
    package func object(_ value: PickleValue) -> PickleObject? {
        guard case .object(let index) = value else { return nil }
        return objects[index]
    }

    /// What errors call a value of this kind.
    package func kind(of value: PickleValue) -> String {
        switch value {
        case .none: "None"
        case .bool: "a bool"
        case .integer, .longInteger: "an integer"
        case .float: "a float"
        case .string: "a string"
        case .bytes: "raw bytes"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global(let global): "the name \(global.description.shown)"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .object(let index): objects[index].kind
        }
    }
}
