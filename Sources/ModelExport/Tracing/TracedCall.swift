import Torch

/// One call of an operator in two passes over different numbers of images.
struct TracedCall {
    /// A size in an argument.
    enum Size: Equatable {
        /// The same for any number of images.
        case fixed(Int)
        /// The number of images.
        case count
    }

    private let first: OperatorCall
    private let second: OperatorCall
    private let network: String

    /// Pairs the calls.
    init(_ first: OperatorCall, _ second: OperatorCall, network: String) {
        self.first = first
        self.second = second
        self.network = network
    }

    /// The operator, as `aten::relu`.
    var operation: String { first.operation }

    /// What the first pass returned.
    var results: [Tensor] { first.results }

    /// Every tensor that the first pass gave the operator.
    var tensors: [Tensor] {
        first.arguments.flatMap { argument -> [Tensor] in
            switch argument {
            case .tensor(let tensor?): [tensor]
            case .tensors(let tensors): tensors
            case .optionalTensors(let tensors): tensors.compactMap(\.self)
            default: []
            }
        }
    }

    /// An error about how the operator is used.
    func unknownUse(_ reason: String) -> ExportError {
        .unknownUse(of: operation, network: network, reason: reason)
    }

    /// The tensor of an argument.
    func tensor(_ index: Int) throws(ExportError) -> Tensor {
        guard let tensor = try optionalTensor(index) else {
            throw unknownUse("nothing as argument \(index + 1)")
        }
        return tensor
    }

    /// The tensor of an argument that may be left out.
    func optionalTensor(_ index: Int) throws(ExportError) -> Tensor? {
        switch first.arguments[index] {
        case .tensor(let tensor): return tensor
        case .none: return nil
        default: throw unknownUse("no tensor as argument \(index + 1)")
        }
    }

    /// A whole number that both passes have.
    func int(_ index: Int) throws(ExportError) -> Int {
        guard case .int(let one) = first.arguments[index],
            case .int(let other) = second.arguments[index]
        else { throw unknownUse("no whole number as argument \(index + 1)") }
        guard one == other else { throw .dependsOnCount(of: operation, network: network) }
        return one
    }

    /// A number that both passes have.
    func number(_ index: Int) throws(ExportError) -> Double {
        switch (first.arguments[index], second.arguments[index]) {
        case (.double(let one), .double(let other)) where one == other: return one
        case (.int, .int): return Double(try int(index))
        case (.double, .double): throw .dependsOnCount(of: operation, network: network)
        default: throw unknownUse("no number as argument \(index + 1)")
        }
    }

    /// Whether an argument is true in both passes.
    func bool(_ index: Int) throws(ExportError) -> Bool {
        guard case .bool(let one) = first.arguments[index],
            case .bool(let other) = second.arguments[index]
        else { throw unknownUse("no truth value as argument \(index + 1)") }
        guard one == other else { throw .dependsOnCount(of: operation, network: network) }
        return one
    }

    /// Whole numbers that both passes have.
    func ints(_ index: Int) throws(ExportError) -> [Int] {
        var values: [Int] = []
        for size in try sizes(index) {
            guard case .fixed(let value) = size else {
                throw .dependsOnCount(of: operation, network: network)
            }
            values.append(value)
        }
        return values
    }

    /// Sizes, of which each is the network's or the number of images.
    func sizes(_ index: Int) throws(ExportError) -> [Size] {
        guard case .ints(let one) = first.arguments[index],
            case .ints(let other) = second.arguments[index]
        else { throw unknownUse("no whole numbers as argument \(index + 1)") }
        let isCount = { (pair: (Int, Int)) in pair == NetworkTrace.counts }
        guard one.count == other.count,
            zip(one, other).allSatisfy({ $0 == $1 || isCount(($0, $1)) })
        else { throw .dependsOnCount(of: operation, network: network) }
        return zip(one, other).map { $0 == $1 ? .fixed($0) : .count }
    }

    /// The tensors of a list.
    func list(_ index: Int) throws(ExportError) -> [Tensor] {
        guard case .tensors(let tensors) = first.arguments[index] else {
            throw unknownUse("no list of tensors as argument \(index + 1)")
        }
        return tensors
    }

    /// Refuses an argument that is not what it nearly always is.
    func require(_ isUsual: Bool, _ reason: String) throws(ExportError) {
        guard isUsual else { throw unknownUse(reason) }
    }
}
